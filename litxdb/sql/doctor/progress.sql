-- Maintenance that is running: index builds, VACUUM, ANALYZE, CLUSTER, COPY
--
-- Of all databases; `table` is known for this one only. Without pg_read_all_stats what other roles do is null.
--
-- min-version: 15
-- column: pid          integer  The backend
-- column: command      text     CREATE INDEX CONCURRENTLY, VACUUM, ANALYZE…
-- column: ours         boolean  Whether it is in this database
-- column: oid          bigint   The table
-- column: table        text     The table with its schema
-- column: phase        text     What it is doing
-- column: done         bigint   Blocks, tuples or bytes done; null where it does not say
-- column: total        bigint   Of so many
-- column: waits_for    integer  The session that it waits for at this moment; null for none
-- column: automatic    boolean  Whether autovacuum does it
-- column: seconds      double   Seconds since its statement began
with running as (
    select
        pid,
        command,
        datid,
        relid,
        phase,
        case when tuples_total > 0 then tuples_done else blocks_done end as done,
        case when tuples_total > 0 then tuples_total else blocks_total end as total,
        nullif(current_locker_pid, 0)::int as waits_for
    from pg_stat_progress_create_index
    union all
    select pid, 'VACUUM', datid, relid, phase, heap_blks_scanned, heap_blks_total, null
    from pg_stat_progress_vacuum
    union all
    select pid, 'ANALYZE', datid, relid, phase, sample_blks_scanned, sample_blks_total, null
    from pg_stat_progress_analyze
    union all
    select pid, command, datid, relid, phase, heap_blks_scanned, heap_blks_total, null
    from pg_stat_progress_cluster
    union all
    select pid, command, datid, relid, type, bytes_processed, nullif(bytes_total, 0), null
    from pg_stat_progress_copy
)
select
    r.pid,
    r.command,
    r.datid = d.oid as ours,
    r.relid::bigint as oid,
    case when r.datid = d.oid then format('%I.%I', n.nspname, c.relname) end as "table",
    r.phase,
    r.done,
    r.total,
    r.waits_for,
    a.backend_type = 'autovacuum worker' as automatic,
    extract(epoch from clock_timestamp() - a.query_start)::float8 as seconds
from running r
join pg_stat_activity a on a.pid = r.pid
join pg_database d on d.datname = current_database()
left join pg_class c on c.oid = r.relid and r.datid = d.oid
left join pg_namespace n on n.oid = c.relnamespace
