-- How many rows each table has, by the statistics
--
-- An estimate that costs nothing: no table is read. It needs no privilege on the tables.
--
-- min-version: 15
-- column: table  text    Name with its schema
-- column: rows   bigint  What ANALYZE counted, before the first one the cumulative statistics
select
    format('%I.%I', n.nspname, c.relname) as "table",
    case when c.reltuples > 0 then c.reltuples::bigint else coalesce(pg_stat_get_live_tuples(c.oid), 0) end as rows
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'litxdb');
