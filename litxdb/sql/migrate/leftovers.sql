-- What an interrupted run left half done on the tables of the search path, and the statement that mends it
--
-- Indexes that are INVALID, as nobody is building them, and constraints that are NOT VALID. A constraint that is NOT
-- ENFORCED (from PostgreSQL 18 on) is not to be validated. The second index of an interrupted REINDEX CONCURRENTLY is
-- to be dropped, and comes first: https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY
--
-- min-version: 15
-- column: kind       text  index or constraint
-- column: object     text  The index with its schema, or the constraint on its table
-- column: name       text  Its bare name
-- column: table      text  The table, with its schema
-- column: statement  text  What mends it
with tables as (
    select c.oid, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where pg_table_is_visible(c.oid)
)
select
    'index' as kind,
    format('%I.%I', n.nspname, c.relname) as object,
    c.relname::text as name,
    t.name as "table",
    case when c.relname ~ '_cc(new|old)\d*$' then 'drop index' else 'reindex index' end
        || format(' concurrently %I.%I', n.nspname, c.relname) as statement
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_namespace n on n.oid = c.relnamespace
join tables t on t.oid = i.indrelid
where
    not i.indisvalid
    and c.relkind = 'i'
    and not exists (
        -- a builder by its lock: without pg_read_all_stats the view hides which index another role's session builds
        select
        from pg_stat_progress_create_index p
        join pg_locks l on l.pid = p.pid
        where l.relation = i.indrelid and l.mode = 'ShareUpdateExclusiveLock' and l.granted
    )
union all
select
    'constraint',
    format('%I on %s', k.conname, t.name),
    k.conname::text,
    t.name,
    format('alter table %s validate constraint %I', t.name, k.conname)
from pg_constraint k
join tables t on t.oid = k.conrelid
where
    not k.convalidated
    -- through jsonb, as older servers have no such column
    and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
order by 1 desc, 5, 2
