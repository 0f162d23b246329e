-- How often indexes of a mebibyte or more were scanned
--
-- Since the statistics began, and on this server alone: each standby counts its own. Smaller ones cost next to nothing.
-- https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW
--
-- min-version: 15
-- column: oid    bigint  The index
-- column: scans  bigint  Scans
select
    c.oid::bigint as oid,
    pg_stat_get_numscans(c.oid) as scans
from pg_class c
where
    c.relkind = 'i'
    and c.relpages::bigint * current_setting('block_size')::bigint >= 1048576
    and c.oid >= 16384
