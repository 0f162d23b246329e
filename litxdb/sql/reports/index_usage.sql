-- How tables are read: by their indexes, or whole
--
-- A large table that is often read whole lacks an index, or its statistics are old; a small one is read whole for good
-- reason. https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-TABLES-VIEW
--
-- min-version: 15
-- window: database
-- column: table          text     Name with its schema
-- column: rows           count    Estimated rows; null when the table was never analyzed
-- column: bytes          bytes    Its heap, by the last VACUUM or ANALYZE
-- column: index_percent  percent  Scans that used an index; null when there were none
-- column: index_scans    count    Index scans
-- column: scans          count    Sequential scans
-- column: scanned_rows   count    Rows read by sequential scans
select
    format('%I.%I', s.schemaname, s.relname) as "table",
    case when c.reltuples >= 0 then c.reltuples::bigint end as rows,
    c.relpages::bigint * current_setting('block_size')::bigint as bytes,
    (100.0 * s.idx_scan / nullif(s.idx_scan + s.seq_scan, 0))::float8 as index_percent,
    coalesce(s.idx_scan, 0) as index_scans,
    s.seq_scan as scans,
    s.seq_tup_read as scanned_rows
from pg_stat_user_tables s
join pg_class c on c.oid = s.relid
where c.relkind in ('r', 'm')
order by s.seq_tup_read desc, 1
