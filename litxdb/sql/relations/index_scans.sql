-- How often each index was used
--
-- https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW
--
-- min-version: 15
-- column: oid     bigint     The index
-- column: scans   bigint     Index scans
-- column: used    timestamp  When the last one began; null for none, and on servers before 16
-- column: writes  bigint     Rows written to its table
select
    s.indexrelid::bigint as oid,
    coalesce(s.idx_scan, 0) as scans,
    null::timestamptz as used,
    t.n_tup_ins + t.n_tup_upd - t.n_tup_hot_upd as writes
from pg_stat_user_indexes s
join pg_stat_user_tables t on t.relid = s.relid
