-- Tables and materialized views that are large enough to be worth vacuuming
--
-- https://www.postgresql.org/docs/current/catalog-pg-class.html
--
-- min-version: 15
-- param: least_bytes = 1048576
-- column: oid          bigint   The table
-- column: name         text     Its name, quoted, with its schema
-- column: bytes        bigint   Its heap, by the last VACUUM or ANALYZE
-- column: rows         bigint   Its live rows, by the same; null when there was none
-- column: fill_factor  integer  Percent of a page that inserts fill
-- column: is_readable  boolean  Whether its statistics can be seen, which takes SELECT on all columns
-- column: has_dropped  boolean  Whether it has dropped columns, whose values old rows still hold
select
    c.oid::bigint as oid,
    format('%I.%I', n.nspname, c.relname) as name,
    c.relpages::bigint * current_setting('block_size')::bigint as bytes,
    case when c.reltuples >= 0 then c.reltuples::bigint end as rows,
    coalesce(
        (select o.option_value::int from pg_options_to_table(c.reloptions) o where o.option_name = 'fillfactor'), 100
    ) as fill_factor,
    has_table_privilege(c.oid, 'select') and not (c.relrowsecurity and row_security_active(c.oid)) as is_readable,
    exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and a.attisdropped) as has_dropped
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where
    c.relkind in ('r', 'm')
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and c.relpages >= :least_bytes / current_setting('block_size')::bigint
order by c.relpages desc
