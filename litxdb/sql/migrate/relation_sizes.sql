-- Tables and materialized views, with their sizes by the statistics
--
-- Reads the catalog alone, so that it waits for no lock. A table that was never analyzed has no known rows; a
-- partitioned one is the sum of its partitions. https://www.postgresql.org/docs/current/catalog-pg-class.html
--
-- min-version: 15
-- column: relation  text    Name with its schema
-- column: rows      bigint  Estimate of the last ANALYZE or VACUUM; null when there was none
-- column: live      bigint  What the cumulative statistics have counted since they began; a crash resets them
-- column: bytes     bigint  Size of the heap by the same statistics as rows; null when there was none
-- column: indexes   text[]  Its indexes, without their schema
with recursive parts as (
    select
        c.oid as root,
        c.oid as part
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'litxdb')
    union all
    select
        p.root,
        i.inhrelid
    from parts p
    join pg_inherits i on i.inhparent = p.part
)
select
    format('%I.%I', n.nspname, r.relname) as relation,
    case when not bool_or(c.reltuples < 0) then sum(c.reltuples)::bigint end as rows,
    sum(pg_stat_get_live_tuples(c.oid))::bigint as live,
    case when not bool_or(c.reltuples < 0) then sum(c.relpages::bigint * current_setting('block_size')::bigint)::bigint end
        as bytes,
    array(
        select x.relname::text
        from pg_index i
        join pg_class x on x.oid = i.indexrelid
        where i.indrelid = r.oid
        order by 1
    ) as indexes
from pg_class r
join pg_namespace n on n.oid = r.relnamespace
join parts p on p.root = r.oid
join pg_class c on c.oid = p.part
where c.relkind <> 'p'
group by r.oid, n.nspname, r.relname
order by 1
