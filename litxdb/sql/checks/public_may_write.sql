-- Tables that everybody may change
--
-- Every role that can connect, a reporting account with a weak password too, may then add, change or remove rows. Grant to
-- the roles that need it instead. Tables of extensions are left out.
-- https://www.postgresql.org/docs/current/ddl-priv.html
--
-- area: roles
-- threshold: one warn
-- fix: asks
-- lock: none
-- remedy: revoke insert, update, delete, truncate on … from public
-- column: object    text  The table, quoted, with its schema
-- column: measured  text  What everybody may do
-- column: level     text  ok or warn
-- column: remedy    text  The statement that ends it
-- column: undo      text  The statement that allows it again
select
    format('%I.%I', n.nspname, c.relname) as object,
    coalesce(format('PUBLIC has %s', g.privileges), 'PUBLIC changes nothing') as measured,
    case when g.privileges is null then 'ok' else 'warn' end as level,
    format('revoke %s on %I.%I from public', lower(g.privileges), n.nspname, c.relname) as remedy,
    format('grant %s on %I.%I to public', lower(g.privileges), n.nspname, c.relname) as undo
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
    select string_agg(a.privilege_type, ', ' order by a.privilege_type) as privileges
    from aclexplode(c.relacl) a
    where a.grantee = 0 and a.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
) g
where
    c.relkind in ('r', 'p', 'f')
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and not exists (
        select
        from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
order by 1
