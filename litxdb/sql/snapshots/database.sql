-- The database as a whole: its counters, its size and its connections
--
-- One row. `connections` counts the sessions of all databases, whatever the role may see of them. A crash, and a suspend
-- at Neon, loses all counters: nothing of the database says so, but the shared statistics then begin anew, which survive
-- a restart.
-- https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-DATABASE-VIEW
--
-- min-version: 15
-- column: database_oid           integer    The database's oid
-- column: taken_at               float      The server's clock, in seconds since 1970
-- column: counted_since          float      When the counters were last lost or reset, likewise
-- column: bytes                  bigint     Its size on disk; null without the CONNECT privilege
-- column: connections            integer    Sessions of all databases
-- column: connection_limit       integer    max_connections
-- column: commits                bigint     Transactions committed
-- column: rollbacks              bigint     Transactions rolled back
-- column: blocks_read            bigint     Blocks that were not in shared_buffers
-- column: blocks_hit             bigint     Blocks that were
-- column: rows_returned          bigint     Rows read by sequential scans, and index entries
-- column: rows_fetched           bigint     Rows fetched by index scans
-- column: rows_inserted          bigint     Rows inserted
-- column: rows_updated           bigint     Rows updated
-- column: rows_deleted           bigint     Rows deleted
-- column: conflicts              bigint     Queries cancelled by recovery
-- column: temp_files             bigint     Temporary files written
-- column: temp_bytes             bigint     Bytes written to them
-- column: deadlocks              bigint     Deadlocks
-- column: sessions               bigint     Sessions begun
select
    d.datid::bigint as database_oid,
    extract(epoch from clock_timestamp())::float8 as taken_at,
    extract(epoch from greatest(d.stats_reset, least(a.stats_reset, b.stats_reset, w.stats_reset)))::float8
        as counted_since,
    case when has_database_privilege(d.datid, 'connect') then pg_database_size(d.datid) end as bytes,
    (select sum(numbackends)::int from pg_stat_database) as connections,
    current_setting('max_connections')::int as connection_limit,
    d.xact_commit as commits,
    d.xact_rollback as rollbacks,
    d.blks_read as blocks_read,
    d.blks_hit as blocks_hit,
    d.tup_returned as rows_returned,
    d.tup_fetched as rows_fetched,
    d.tup_inserted as rows_inserted,
    d.tup_updated as rows_updated,
    d.tup_deleted as rows_deleted,
    d.conflicts,
    d.temp_files,
    d.temp_bytes,
    d.deadlocks,
    d.sessions
from pg_stat_database d
cross join pg_stat_archiver a
cross join pg_stat_bgwriter b
cross join pg_stat_wal w
where d.datname = current_database()
