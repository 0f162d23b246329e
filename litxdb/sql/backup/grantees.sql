-- The roles that own something in this database, or were given privileges on it
--
-- Schemas, tables, views and sequences count; the role that asks does not.
--
-- min-version: 15
-- column: role  text  The role
with roles as (
    select a.grantee as oid from pg_class c cross join lateral aclexplode(c.relacl) a
    where c.relnamespace not in (select oid from pg_namespace where nspname ~ '^pg_' or nspname = 'information_schema')
    union
    select c.relowner from pg_class c
    where c.relnamespace not in (select oid from pg_namespace where nspname ~ '^pg_' or nspname = 'information_schema')
    union
    select a.grantee from pg_namespace n cross join lateral aclexplode(n.nspacl) a
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
)
select r.rolname::text as role
from roles o
join pg_roles r on r.oid = o.oid
where r.rolname !~ '^pg_' and r.rolname <> current_user
order by 1
