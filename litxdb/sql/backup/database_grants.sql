-- The privileges on this database, as GRANT takes them after "grant … on database NAME"
--
-- min-version: 15
-- column: privilege  text  CONNECT, CREATE, TEMPORARY
-- column: rest       text  To whom, and whether they may pass it on
select
    a.privilege_type::text as privilege,
    concat(
        'to ', case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end,
        case when a.is_grantable then ' with grant option' end) as rest
from pg_database d
cross join lateral aclexplode(d.datacl) a
where d.datname = current_database() and a.grantee <> d.datdba
order by 2, 1
