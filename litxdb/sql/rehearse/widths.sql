-- How wide the values of each column are, and how many are NULL
--
-- Only columns of analyzed tables that the role may read.
--
-- min-version: 15
-- column: table   text    Name with its schema
-- column: column  text    Name, quoted at need
-- column: width   integer Average bytes
-- column: nulls   real    The part that is NULL, from 0 to 1
select
    format('%I.%I', schemaname, tablename) as "table",
    quote_ident(attname) as "column",
    max(avg_width) as width,
    max(null_frac) as nulls
from pg_stats
where schemaname !~ '^pg_' and schemaname <> 'information_schema'
group by 1, 2;
