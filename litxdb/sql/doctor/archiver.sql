-- The WAL archiver
--
-- One row. A file that cannot be archived is tried again for ever, and WAL piles up behind it.
-- https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ARCHIVER-VIEW
--
-- min-version: 15
-- column: archived         bigint  Files archived
-- column: failed           bigint  Failed attempts
-- column: archived_seconds double  Seconds since the last success; null for none
-- column: failed_seconds   double  Seconds since the last failure; null for none
-- column: failed_file      text    The file that failed
select
    archived_count as archived,
    failed_count as failed,
    extract(epoch from clock_timestamp() - last_archived_time)::float8 as archived_seconds,
    extract(epoch from clock_timestamp() - last_failed_time)::float8 as failed_seconds,
    last_failed_wal as failed_file
from pg_stat_archiver
