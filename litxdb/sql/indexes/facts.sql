-- What an index is made of
--
-- Waits for whoever holds ACCESS EXCLUSIVE on its table.
--
-- min-version: 15
-- param: index = 0
-- column: method      text    Access method
-- column: keys        text[]  Its columns and expressions
-- column: predicate   text    What rows must fulfil to be in it
-- column: type        text    Type of the first key
-- column: dimensions  integer What stands in parentheses behind that type, for a vector its dimensions; else -1
-- column: options     json    Storage parameters
select
    m.amname::text as method,
    array(select pg_get_indexdef(i.indexrelid, key, false) from generate_series(1, i.indnkeyatts) key) as keys,
    pg_get_expr(i.indpred, i.indrelid) as predicate,
    y.typname::text as type,
    a.atttypmod as dimensions,
    (select coalesce(json_object_agg(option_name, option_value), '{}') from pg_options_to_table(c.reloptions)) as options
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_am m on m.oid = c.relam
join pg_attribute a on a.attrelid = i.indexrelid and a.attnum = 1
join pg_type y on y.oid = a.atttypid
where i.indexrelid = :index::oid
