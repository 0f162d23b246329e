-- What pg_stat_statements knows, and what of it the role may see
--
-- One row. When more different statements run than pg_stat_statements.max the rarest are forgotten: `forgotten` counts
-- how often that happened. https://www.postgresql.org/docs/current/pgstatstatements.html
--
-- min-version: 15
-- needs: extension pg_stat_statements 1.9
-- column: visible          count    Statements of this database that the role may see
-- column: hidden           count    Those that it may not
-- column: forgotten        count    How often the rarest statements were forgotten
-- column: counted_seconds  seconds  How long it has counted
select
    count(*) filter (where s.queryid is not null) as visible,
    count(*) filter (where s.queryid is null) as hidden,
    i.dealloc as forgotten,
    extract(epoch from clock_timestamp() - i.stats_reset)::float8 as counted_seconds
from pg_stat_statements_info i
left join pg_stat_statements(false) s
    on s.dbid = (select d.oid from pg_database d where d.datname = current_database())
group by i.dealloc, i.stats_reset
