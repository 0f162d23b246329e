-- Columns of a table
--
-- min-version: 15
-- param: table = 0
-- column: name    text     The column's name
-- column: quoted  text     Quoted where it must be
-- column: type    text     Its type, with its parameters
select
    attname::text as name,
    quote_ident(attname) as quoted,
    format_type(atttypid, atttypmod) as type
from pg_attribute
where attrelid = :table and attnum > 0 and not attisdropped
order by attnum
