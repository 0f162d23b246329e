-- How much of what was read was in shared_buffers
--
-- Below 99 % for a service that answers people, look at what reads so much: litxdb report index-usage. The operating
-- system's own cache does not show here; at Neon it is the local file cache that counts: neon_stat_file_cache.
-- https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STATIO-ALL-TABLES-VIEW
--
-- min-version: 15
-- window: database
-- column: what         text     The database, or one kind of its users' files
-- column: hit_percent  percent  Blocks that were there; null when none was read
-- column: blocks_hit   count    Blocks that were there
-- column: blocks_read  count    Blocks that were not
with files as (
    select
        sum(s.heap_blks_hit) as heap_hit,
        sum(s.heap_blks_read) as heap_read,
        sum(s.idx_blks_hit) as index_hit,
        sum(s.idx_blks_read) as index_read,
        sum(s.toast_blks_hit + s.tidx_blks_hit) as toast_hit,
        sum(s.toast_blks_read + s.tidx_blks_read) as toast_read
    from pg_statio_user_tables s
),
kinds as (
    select 1 as place, 'database' as what, d.blks_hit as hit, d.blks_read as read
    from pg_stat_database d
    where d.datname = current_database()
    union all
    select k.*
    from files f
    cross join lateral (
        values
        (2, 'tables', f.heap_hit, f.heap_read),
        (3, 'indexes', f.index_hit, f.index_read),
        (4, 'TOAST', f.toast_hit, f.toast_read)
    ) k
)
select
    what,
    (100.0 * hit / nullif(hit + read, 0))::float8 as hit_percent,
    coalesce(hit, 0)::bigint as blocks_hit,
    coalesce(read, 0)::bigint as blocks_read
from kinds
order by place
