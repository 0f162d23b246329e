-- Tables and materialized views: sizes and counters
--
-- The files of the largest and the most written tables are measured; for the others, and for what somebody locks or
-- waits to lock, relpages of the last VACUUM or ANALYZE must do: looking at a file waits for ACCESS EXCLUSIVE locks, and
-- costs a new session 20 µs a relation. https://www.postgresql.org/docs/current/monitoring-stats.html
--
-- min-version: 15
-- param: measured = 200
-- param: most = 20000
-- column: oid            bigint  The table
-- column: table          text    Its name, quoted, with its schema
-- column: is_measured    boolean Whether its files were measured
-- column: bytes          bigint  Its heap
-- column: toast_bytes    bigint  Its TOAST table
-- column: index_bytes    bigint  Its indexes
-- column: rows           bigint  Estimated rows; null when it was never analyzed
-- column: dead_rows      bigint  Estimated dead rows
-- column: scans          bigint  Sequential scans
-- column: scanned_rows   bigint  Rows read by them
-- column: index_scans    bigint  Index scans
-- column: rows_inserted  bigint  Rows inserted
-- column: rows_updated   bigint  Rows updated
-- column: rows_deleted   bigint  Rows deleted
-- column: hot_updates    bigint  Updates that touched no index
with ranked as (
    select
        c.oid,
        format('%I.%I', n.nspname, c.relname) as name,
        c.relpages,
        c.reltuples,
        c.reltoastrelid,
        s.n_dead_tup,
        s.seq_scan,
        s.seq_tup_read,
        s.idx_scan,
        s.n_tup_ins,
        s.n_tup_upd,
        s.n_tup_del,
        s.n_tup_hot_upd,
        row_number() over (
            order by c.relpages + coalesce(s.n_mod_since_analyze + s.n_ins_since_vacuum, 0) desc
        ) <= :measured as measured
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_stat_all_tables s on s.relid = c.oid
    where c.relkind in ('r', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
),
locked as (
    select l.relation
    from pg_locks l
    where l.mode = 'AccessExclusiveLock' and l.locktype = 'relation'
),
files as (
    select r.oid as owner, 'heap' as kind, r.oid, r.relpages, r.measured
    from ranked r
    union all
    select r.oid, 'toast', t.oid, t.relpages, r.measured
    from ranked r
    join pg_class t on t.oid = r.reltoastrelid
    union all
    select r.oid, 'index', x.oid, x.relpages, r.measured
    from ranked r
    join pg_index i on i.indrelid = r.oid
    join pg_class x on x.oid = i.indexrelid
),
sizes as (
    select
        f.owner,
        sum(b.bytes) filter (where f.kind = 'heap')::bigint as bytes,
        sum(b.bytes) filter (where f.kind = 'toast')::bigint as toast_bytes,
        sum(b.bytes) filter (where f.kind = 'index')::bigint as index_bytes,
        bool_and(f.measured and f.oid not in (select l.relation from locked l)) as measured
    from files f
    cross join lateral (
        select case
            when f.measured and f.oid not in (select l.relation from locked l) then pg_relation_size(f.oid)
            else f.relpages::bigint * current_setting('block_size')::bigint
        end as bytes
    ) b
    group by f.owner
)
select
    r.oid::bigint as oid,
    r.name as "table",
    z.measured as is_measured,
    z.bytes,
    coalesce(z.toast_bytes, 0) as toast_bytes,
    coalesce(z.index_bytes, 0) as index_bytes,
    case when r.reltuples >= 0 then r.reltuples::bigint end as rows,
    r.n_dead_tup as dead_rows,
    coalesce(r.seq_scan, 0) as scans,
    coalesce(r.seq_tup_read, 0) as scanned_rows,
    coalesce(r.idx_scan, 0) as index_scans,
    coalesce(r.n_tup_ins, 0) as rows_inserted,
    coalesce(r.n_tup_upd, 0) as rows_updated,
    coalesce(r.n_tup_del, 0) as rows_deleted,
    coalesce(r.n_tup_hot_upd, 0) as hot_updates
from ranked r
join sizes z on z.owner = r.oid
order by z.bytes desc
limit :most
