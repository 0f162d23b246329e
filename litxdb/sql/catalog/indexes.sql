-- Indexes, and those that PostgreSQL does not use
--
-- An index that is being built is invalid as well, but not counted so: its builder reports progress, and holds a lock on
-- the table. An index that belongs to a constraint is made and removed with it, and one of a partition with its parent.
--
-- min-version: 15
with relations as (
    select c.*, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', 'litxdb')
        and c.relname <> 'alembic_version'
        and not exists (
            select
            from pg_depend e
            where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'
        )
),
indexes as (
    select
        r.oid,
        r.name,
        r.relname,
        r.relnamespace::regnamespace as schema,
        i.indisvalid,
        case when i.indisunique then 'unique ' else '' end as uniqueness,
        pg_get_indexdef(i.indexrelid) as definition,
        r.relkind = 'i' as plain,
        r.relispartition or exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
            as dependent,
        exists (
            select
            from pg_stat_progress_create_index p
            join pg_locks l on l.pid = p.pid
            where l.relation = i.indrelid and l.mode = 'ShareUpdateExclusiveLock' and l.granted
        ) as building
    from relations r
    join pg_index i on i.indexrelid = r.oid
    join relations t on t.oid = i.indrelid
),
spelled as (
    select
        *,
        -- the definition goes on after the name: a name cannot be taken for a word of SQL
        substr(definition, length(format('CREATE %sINDEX %I ON ', uniqueness, relname)) + 1) as rest
    from indexes
),
statements as (
    select
        *,
        case when plain then rest else regexp_replace(rest, '^ONLY ', '') end as target
    from spelled
)
select
    'index' as kind,
    name as object,
    definition,
    format('pg_class:%s:0', oid) as address,
    json_build_object(
        'make', case when not dependent then format('create %sindex %I on %s', uniqueness, relname, target) end,
        'make online', case when plain and not dependent
            then format('create %sindex concurrently %I on %s', uniqueness, relname, target) end,
        'remove', case when not dependent then format('drop index %s', name) end,
        'remove online', case when plain and not dependent then format('drop index concurrently %s', name) end,
        -- the old one serves until the new one does
        'change online', case when plain and not dependent then json_build_array(
            format('alter index %s rename to %I', name, outdated),
            format('create %sindex concurrently %I on %s', uniqueness, relname, target),
            format('drop index concurrently %s.%I', schema, outdated)) end) as ways
from statements
cross join lateral (select left(relname, 40) || '_outdated' as outdated) o
union all
select
    'validity',
    name,
    'invalid',
    format('pg_class:%s:0', oid),
    json_build_object('remove online', format('reindex index concurrently %s', name))
from statements
where not indisvalid and not building and plain
