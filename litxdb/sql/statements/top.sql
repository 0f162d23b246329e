-- The statements of this database that ran longest, or most often, or that one
--
-- Times are of planning and executing. litxdb's own are left out. Without pg_read_all_stats other roles' are missing.
-- https://www.postgresql.org/docs/current/pgstatstatements.html
--
-- min-version: 15
-- needs: extension pg_stat_statements 1.8
-- param: sort = total
-- param: least_mean_ms = 0
-- param: queryid = 0
-- param: most = 20
-- column: queryid        text     The statement, by a hash of its normalised form
-- column: role           text     Who ran it
-- column: calls          count    How often
-- column: total_ms       ms       How long that took
-- column: mean_ms        ms       How long one call took, on the average
-- column: max_ms         ms       How long the slowest execution took
-- column: share_percent  percent  Its part of the time of all statements
-- column: rows           count    Rows returned or changed
-- column: hit_percent    percent  Blocks that were in shared_buffers; null when none was read
-- column: temp_bytes     bytes    Written to temporary files
-- column: since          time     Since when it is counted; null when that is not known
-- column: query          statement  Its normalised text
with counted as (
    select
        s.queryid,
        s.userid,
        min(s.query) as query,
        sum(s.calls)::bigint as calls,
        sum(s.total_plan_time + s.total_exec_time)::float8 as total_ms,
        max(s.max_exec_time)::float8 as max_ms,
        sum(s.rows)::bigint as rows,
        sum(s.shared_blks_hit)::float8 as hit,
        sum(s.shared_blks_read)::float8 as read,
        sum(s.temp_blks_written)::bigint as temp,
        null::timestamptz as since
    from pg_stat_statements s
    where
        s.dbid = (select d.oid from pg_database d where d.datname = current_database())
        and s.queryid is not null
        and s.query not like '%/* litxdb */%'
    group by 1, 2
),
shared as (
    select *, sum(total_ms) over () as all_ms
    from counted
)
select
    c.queryid::text as queryid,
    pg_get_userbyid(c.userid)::text as role,
    c.calls,
    c.total_ms,
    c.total_ms / greatest(c.calls, 1) as mean_ms,
    c.max_ms,
    100 * c.total_ms / nullif(c.all_ms, 0) as share_percent,
    c.rows,
    100 * c.hit / nullif(c.hit + c.read, 0) as hit_percent,
    c.temp * current_setting('block_size')::bigint as temp_bytes,
    c.since,
    c.query
from shared c
where c.total_ms >= :least_mean_ms * greatest(c.calls, 1) and (:queryid = 0 or c.queryid = :queryid)
order by
    case :sort
        when 'calls' then c.calls
        when 'mean' then c.total_ms / greatest(c.calls, 1)
        when 'max' then c.max_ms
        when 'rows' then c.rows
        else c.total_ms
    end desc,
    c.queryid
limit :most
