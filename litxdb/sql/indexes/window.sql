-- Since when this server has counted the scans of indexes
--
-- They begin anew when they are reset, after a crash, and at Neon whenever the compute wakes up; a start that kept them
-- cannot be told from those.
-- https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-DATABASE-VIEW
--
-- min-version: 15
-- column: since  timestamptz  The later of the last reset and the start
select greatest(stats_reset, pg_postmaster_start_time()) as since
from pg_stat_database
where datname = current_database()
