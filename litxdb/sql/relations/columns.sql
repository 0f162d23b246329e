-- Columns of some tables and indexes, with their statistics
--
-- An index has statistics of its own for its expressions. They can be seen with SELECT on the column; a column that was
-- never analyzed has none. https://www.postgresql.org/docs/current/view-pg-stats.html
--
-- min-version: 15
-- param: oids = {}
-- column: relation       bigint   The table or index
-- column: number         integer  The column's number
-- column: length         integer  Bytes of its type; -1 if that varies
-- column: alignment      integer  It begins at a multiple of so many bytes
-- column: null_fraction  float    Which part of the rows has null; null without statistics
-- column: width          integer  Bytes of a value, on the average; null without statistics
-- column: distinct       float    Different values; if negative, by the number of rows; null without statistics
select
    a.attrelid::bigint as relation,
    a.attnum::int as number,
    a.attlen::int as length,
    case a.attalign when 'd' then 8 when 'i' then 4 when 's' then 2 else 1 end as alignment,
    s.null_frac::float8 as null_fraction,
    s.avg_width as width,
    s.n_distinct::float8 as distinct
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
left join pg_stats s
    on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname and not s.inherited
where a.attrelid = any(:oids::oid[]) and a.attnum > 0 and not a.attisdropped
order by 1, 2
