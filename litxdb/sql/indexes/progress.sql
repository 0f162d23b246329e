-- How far the build of an index is that a session works on
--
-- https://www.postgresql.org/docs/current/progress-reporting.html#CREATE-INDEX-PROGRESS-REPORTING
--
-- min-version: 15
-- param: pid = 0
-- column: phase     text   What it does
-- column: fraction  float  How much of that is done; null when it cannot be told
select
    phase,
    coalesce(
        case when lockers_total > lockers_done then lockers_done::float / lockers_total end,
        tuples_done::float / nullif(tuples_total, 0),
        blocks_done::float / nullif(blocks_total, 0)) as fraction
from pg_stat_progress_create_index
where pid = :pid
