-- Checkpoints: how many came in time, and how many because the WAL was full
--
-- When many are requested max_wal_size is too small: each makes the next writes of every page longer. At Neon the
-- platform looks after them. https://www.postgresql.org/docs/current/wal-configuration.html
--
-- min-version: 17
-- column: timed              count    Checkpoints that came in time
-- column: requested          count    Checkpoints that were asked for, mostly by a full WAL
-- column: requested_percent  percent  Their part
-- column: every_seconds      seconds  How long from one to the next, on the average
-- column: write_ms           ms       Time spent writing
-- column: sync_ms            ms       Time spent in fsync
-- column: buffers_written    count    Buffers written by checkpoints
-- column: buffers_cleaned    count    Buffers written by the background writer
-- column: max_wal_size       text     The setting
-- column: since              time     Since when that is counted
select
    c.num_timed as timed,
    c.num_requested as requested,
    (100.0 * c.num_requested / nullif(c.num_timed + c.num_requested, 0))::float8 as requested_percent,
    (extract(epoch from clock_timestamp() - c.stats_reset) / nullif(c.num_timed + c.num_requested, 0))::float8
        as every_seconds,
    c.write_time as write_ms,
    c.sync_time as sync_ms,
    c.buffers_written,
    b.buffers_clean as buffers_cleaned,
    current_setting('max_wal_size') as max_wal_size,
    c.stats_reset as since
from pg_stat_checkpointer c
cross join pg_stat_bgwriter b
