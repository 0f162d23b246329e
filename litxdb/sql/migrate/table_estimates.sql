-- How large tables are, as the last VACUUM or ANALYZE left it
--
-- Takes no lock on the tables, so that it does not queue behind one. Both figures are null for a table that was never
-- vacuumed or analyzed, zero for a partitioned table. TOAST and indexes are not counted.
--
-- param: tables = {}
-- column: table  text     Name with its schema
-- column: rows   integer  Rows, an estimate
-- column: bytes  bytes    Size of the table itself, an estimate
select
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) as "table",
    nullif(c.reltuples, -1)::bigint as rows,
    case when c.reltuples >= 0 then c.relpages * current_setting('block_size')::bigint end as bytes
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where quote_ident(n.nspname) || '.' || quote_ident(c.relname) = any(:tables)
