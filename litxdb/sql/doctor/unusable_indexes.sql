-- Indexes that PostgreSQL does not use, and how many indexes there are
--
-- One row at least: an index that is not valid, or nulls where there is none. Who builds, rebuilds or drops one is told
-- by locks: REINDEX and DROP INDEX CONCURRENTLY hold SHARE UPDATE EXCLUSIVE on the index itself, CREATE INDEX on its
-- table, and pg_stat_progress_create_index does not tell every role which index that is about.
--
-- min-version: 15
-- column: examined    bigint   How many indexes there are, those of TOAST tables too
-- column: oid         oid      The index
-- column: index       text     The index, with its schema, quoted
-- column: table       text     Its table, quoted; for a TOAST table's index the table whose values are there
-- column: is_toast    boolean  Whether it is on a TOAST table
-- column: is_parent   boolean  Whether it is the index of a partitioned table
-- column: unique      boolean  Whether it is to keep rows unique
-- column: ready       boolean  Whether writes maintain it
-- column: live        boolean  Whether nobody has begun to drop it
-- column: bytes       bytes    Its size; null while somebody is at work on it
-- column: repeats     boolean  Whether it is what a REINDEX CONCURRENTLY leaves beside the index that it was to renew
-- column: partitions  bigint   Of a partitioned table's index: how many partitions there are
-- column: attached    bigint   Of a partitioned table's index: how many of them have its valid counterpart
-- column: builder     integer  The backend that is at work on it; 0 for a prepared transaction
with total as (
    select count(*) as examined
    from pg_index
    where indexrelid >= 16384
),

indexes as (
    select i.*, c.relname, c.relnamespace, c.relkind, t.relkind = 't' as is_toast
    from pg_index i
    join pg_class c on c.oid = i.indexrelid and c.relpersistence <> 't'
    join pg_class t on t.oid = i.indrelid
    where not i.indisvalid
),

held as (
    select l.pid, l.relation
    from pg_locks l
    join pg_database d on d.oid = l.database and d.datname = current_database()
    where
        l.locktype = 'relation'
        and l.mode in ('ShareUpdateExclusiveLock', 'AccessExclusiveLock')
        and l.granted
)

select
    total.examined,
    i.indexrelid as oid,
    quote_ident(n.nspname) || '.' || quote_ident(i.relname) as "index",
    quote_ident(tn.nspname) || '.' || quote_ident(t.relname) as "table",
    i.is_toast,
    i.relkind = 'I' as is_parent,
    i.indisunique as "unique",
    i.indisready as ready,
    i.indislive as live,
    case when w.pid is null then pg_relation_size(i.indexrelid) end as bytes,
    i.relname ~ '_cc(new|old)\d*$' and exists (
        select
        from pg_index o
        join pg_class oc on oc.oid = o.indexrelid
        where
            o.indrelid = i.indrelid
            and o.indexrelid <> i.indexrelid
            and starts_with(oc.relname, regexp_replace(i.relname, '_cc(new|old)\d*$', ''))
    ) as repeats,
    case i.relkind when 'I' then (select count(*) from pg_inherits h where h.inhparent = i.indrelid) end as partitions,
    case i.relkind when 'I' then (
        select count(*)
        from pg_inherits h
        join pg_index child on child.indexrelid = h.inhrelid
        where h.inhparent = i.indexrelid and child.indisvalid
    ) end as attached,
    w.pid as builder
from total
left join indexes i on true
left join lateral (
    select min(coalesce(b.pid, 0)) as pid
    from (
        select held.pid from held where held.relation = i.indexrelid
        union all
        select p.pid
        from pg_stat_progress_create_index p
        join held on held.pid = p.pid and held.relation = i.indrelid
        where coalesce(nullif(p.index_relid, 0), i.indexrelid) = i.indexrelid
    ) b
) w on true
left join pg_class owner on i.is_toast and owner.reltoastrelid = i.indrelid
left join pg_class t on t.oid = coalesce(owner.oid, i.indrelid)
left join pg_namespace tn on tn.oid = t.relnamespace
left join pg_namespace n on n.oid = i.relnamespace
order by 2
