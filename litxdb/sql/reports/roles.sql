-- Roles, and what each may do beyond its grants
--
-- A service needs none of the attributes: one that connects as a superuser, or with BYPASSRLS, has all rows of all users.
-- https://www.postgresql.org/docs/current/role-attributes.html
--
-- min-version: 15
-- column: role              text     Its name
-- column: login             boolean  Whether it may log in
-- column: superuser         boolean  Whether it is a superuser
-- column: attributes        text     CREATEDB, CREATEROLE, REPLICATION, BYPASSRLS
-- column: member_of         text     The roles whose privileges it has
-- column: connections       count    Its sessions
-- column: connection_limit  count    How many it may have; null for no limit
-- column: valid_until       time     When its password expires
select
    r.rolname::text as role,
    r.rolcanlogin as login,
    r.rolsuper as superuser,
    nullif(concat_ws(
        ', ',
        case when r.rolcreatedb then 'CREATEDB' end,
        case when r.rolcreaterole then 'CREATEROLE' end,
        case when r.rolreplication then 'REPLICATION' end,
        case when r.rolbypassrls then 'BYPASSRLS' end
    ), '') as attributes,
    (
        select string_agg(distinct g.rolname::text, ', ')
        from pg_auth_members m
        join pg_roles g on g.oid = m.roleid
        where m.member = r.oid
    ) as member_of,
    (select count(*) from pg_stat_activity a where a.usesysid = r.oid) as connections,
    nullif(r.rolconnlimit, -1) as connection_limit,
    nullif(r.rolvaliduntil, 'infinity') as valid_until
from pg_roles r
where r.rolname !~ '^pg_'
order by 3 desc, 2 desc, 1
