-- How much WAL is written
--
-- One row. https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-WAL-VIEW
--
-- min-version: 15
-- column: bytes    bytes   WAL written
-- column: seconds  double  In so many seconds
select
    wal_bytes::float8 as bytes,
    extract(epoch from clock_timestamp() - stats_reset)::float8 as seconds
from pg_stat_wal
