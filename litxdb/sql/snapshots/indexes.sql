-- Indexes: size and use
--
-- Sizes are those of the last VACUUM or ANALYZE. Servers before 16 do not know when an index was used last.
-- https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW
--
-- min-version: 15
-- param: most = 50000
-- column: oid      bigint  The index
-- column: bytes    bigint  Its size
-- column: scans    bigint  Index scans
-- column: used_at  float   When the last one began, in seconds since 1970; null when that is not known
select
    s.indexrelid::bigint as oid,
    c.relpages::bigint * current_setting('block_size')::bigint as bytes,
    coalesce(s.idx_scan, 0) as scans,
    null::float8 as used_at
from pg_stat_all_indexes s
join pg_class c on c.oid = s.indexrelid
where s.schemaname !~ '^pg_' and s.schemaname <> 'information_schema'
order by c.relpages desc
limit :most
