-- The statements that took most of the time, without their texts
--
-- Times are of execution, in milliseconds. Without pg_read_all_stats other roles' statements are missing.
-- https://www.postgresql.org/docs/current/pgstatstatements.html
--
-- min-version: 15
-- needs: extension pg_stat_statements 1.8
-- param: most = 200
-- column: queryid     bigint  The statement, by a hash of its normalised form
-- column: since       float   When it was first counted, in seconds since 1970; null when that is not known
-- column: calls       bigint  How often it ran
-- column: total_ms    float   How long that took
-- column: rows        bigint  Rows returned or changed
select
    s.queryid,
    null::float8 as since,
    sum(s.calls)::bigint as calls,
    sum(s.total_exec_time)::float8 as total_ms,
    sum(s.rows)::bigint as rows
from pg_stat_statements(false) s
where s.queryid is not null and s.dbid = (select oid from pg_database where datname = current_database())
group by s.queryid
order by 4 desc
limit :most
