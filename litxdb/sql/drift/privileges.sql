-- Privileges on schemas, tables, columns and functions, by role
--
-- An owner's own privileges do not count, nor does MAINTAIN, which PostgreSQL 17 brought.
--
-- min-version: 15
with namespaces as (
    select *
    from pg_namespace
    where nspname !~ '^pg_' and nspname not in ('information_schema', 'litxdb')
),
lists as (
    select 'schema' as word, quote_ident(nspname) as name, '' as columns, nspowner as owner,
        format('pg_namespace:%s:0', oid) as address,
        coalesce(nspacl, acldefault('n', nspowner)) as acl
    from namespaces
    union all
    select case c.relkind when 'S' then 'sequence' else 'table' end,
        format('%I.%I', n.nspname, c.relname), '', c.relowner,
        format('pg_class:%s:0', c.oid),
        coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))
    from pg_class c
    join namespaces n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relname <> 'alembic_version'
    union all
    select 'table', format('%I.%I', n.nspname, c.relname), format(' (%I)', a.attname), c.relowner,
        format('pg_class:%s:%s', c.oid, a.attnum),
        a.attacl
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join namespaces n on n.oid = c.relnamespace
    where a.attacl is not null and a.attnum > 0
    union all
    select 'routine', p.oid::regprocedure::text, '', p.proowner,
        format('pg_proc:%s:0', p.oid),
        coalesce(p.proacl, acldefault('f', p.proowner))
    from pg_proc p
    join namespaces n on n.oid = p.pronamespace
),
granted as (
    select
        l.word,
        l.name,
        l.columns,
        l.address,
        case when x.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(x.grantee)) end as grantee,
        case when x.is_grantable then ' with grant option' else '' end as suffix,
        string_agg(lower(x.privilege_type) || l.columns, ', ' order by x.privilege_type) as privileges
    from lists l
    cross join lateral aclexplode(l.acl) x
    where x.grantee <> l.owner
        and x.privilege_type <> 'MAINTAIN'
        and not exists (
            select
            from pg_depend e
            where e.deptype = 'e'
                and e.objid = split_part(l.address, ':', 2)::oid
                and e.classid = split_part(l.address, ':', 1)::regclass
        )
    group by l.word, l.name, l.columns, l.address, x.grantee, x.is_grantable
)
select
    'privilege' as kind,
    format('%s%s to %s%s', name, columns, grantee, suffix) as object,
    privileges as definition,
    address,
    json_build_object(
        'make', format('grant %s on %s %s to %s%s', privileges, word, name, grantee, suffix),
        'remove', format('revoke %s on %s %s from %s', privileges, word, name, grantee)) as ways
from granted
