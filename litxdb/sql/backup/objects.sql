-- Everything that a restored database must have again, by name
--
-- Indexes that are INVALID and constraints that are NOT VALID are left out: the first are not dumped, and the second may
-- be valid afterwards. So are NOT NULL constraints, which have names from PostgreSQL 18 on, and what extensions bring.
--
-- min-version: 15
-- column: kind  text  table, view, index, constraint…
-- column: name  text  With its schema, and its table where it belongs to one
with objects as (
    select
        'pg_class'::regclass as class,
        c.oid,
        case c.relkind
            when 'r' then 'table' when 'p' then 'table' when 'v' then 'view' when 'm' then 'materialized view'
            when 'f' then 'foreign table' when 'S' then 'sequence'
        end as kind,
        c.relnamespace as namespace,
        c.relname::text as name
    from pg_class c
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't'
    union all
    select 'pg_class'::regclass, i.indrelid, 'index', c.relnamespace, c.relname::text
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_class t on t.oid = i.indrelid and t.relkind in ('r', 'p', 'm')
    where i.indisvalid and c.relpersistence <> 't'
    union all
    select 'pg_class'::regclass, k.conrelid, 'constraint', k.connamespace, concat(t.relname, '.', k.conname)
    from pg_constraint k
    join pg_class t on t.oid = k.conrelid and t.relpersistence <> 't'
    where k.convalidated and k.contype <> 'n'
    union all
    select 'pg_class'::regclass, g.tgrelid, 'trigger', t.relnamespace, concat(t.relname, '.', g.tgname)
    from pg_trigger g
    join pg_class t on t.oid = g.tgrelid and t.relpersistence <> 't'
    where not g.tgisinternal
    union all
    select 'pg_class'::regclass, y.polrelid, 'policy', t.relnamespace, concat(t.relname, '.', y.polname)
    from pg_policy y
    join pg_class t on t.oid = y.polrelid
    union all
    select
        'pg_proc'::regclass, p.oid, 'function', p.pronamespace,
        concat(p.proname, '(', pg_get_function_identity_arguments(p.oid), ')')
    from pg_proc p
    union all
    select 'pg_type'::regclass, t.oid, 'type', t.typnamespace, t.typname::text
    from pg_type t
    left join pg_class c on c.oid = t.typrelid
    where t.typtype in ('d', 'e', 'r') or c.relkind = 'c'
)
select o.kind, concat(n.nspname, '.', o.name) as name
from objects o
join pg_namespace n on n.oid = o.namespace
where
    n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and not exists (
        select
        from pg_depend e
        where e.classid = o.class and e.objid = o.oid and e.objsubid = 0 and e.deptype = 'e'
    )
order by 1, 2
