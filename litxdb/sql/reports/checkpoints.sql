-- Checkpoints: how many came in time, and how many because the WAL was full
--
-- When many are requested max_wal_size is too small: each makes the next writes of every page longer. At Neon the
-- platform looks after them. https://www.postgresql.org/docs/current/wal-configuration.html
--
-- min-version: 15
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
    b.checkpoints_timed as timed,
    b.checkpoints_req as requested,
    (100.0 * b.checkpoints_req / nullif(b.checkpoints_timed + b.checkpoints_req, 0))::float8 as requested_percent,
    (extract(epoch from clock_timestamp() - b.stats_reset) / nullif(b.checkpoints_timed + b.checkpoints_req, 0))::float8
        as every_seconds,
    b.checkpoint_write_time as write_ms,
    b.checkpoint_sync_time as sync_ms,
    b.buffers_checkpoint as buffers_written,
    b.buffers_clean as buffers_cleaned,
    current_setting('max_wal_size') as max_wal_size,
    b.stats_reset as since
from pg_stat_bgwriter b
