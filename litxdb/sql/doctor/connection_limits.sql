-- Roles and databases that may have only so many connections
--
-- The limit of a role counts over all databases, and not for superusers. Those without a limit, and those that nobody may
-- use, are left out.
--
-- min-version: 15
-- column: kind    text     role or database
-- column: name    text     Its name
-- column: quoted  text     Its name as SQL needs it
-- column: slots   integer  How many connections it may have
select
    'role' as kind,
    rolname::text as name,
    quote_ident(rolname) as quoted,
    rolconnlimit as slots
from pg_roles
where rolconnlimit > 0 and rolcanlogin and not rolsuper
union all
select
    'database',
    datname::text,
    quote_ident(datname),
    datconnlimit
from pg_database
where datconnlimit > 0
order by 1, 2
