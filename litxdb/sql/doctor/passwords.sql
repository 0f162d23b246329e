-- How the roles' passwords are stored
--
-- Only a superuser may ask this. The passwords themselves are not read.
--
-- min-version: 15
-- column: role    text     The role
-- column: quoted  text     Its name as SQL needs it
-- column: method  text     md5, scram-sha-256, or none
select
    rolname::text as role,
    quote_ident(rolname) as quoted,
    case
        when rolpassword is null then 'none'
        when rolpassword like 'SCRAM-SHA-256$%' then 'scram-sha-256'
        else 'md5'
    end as method
from pg_authid
where rolcanlogin
order by 1
