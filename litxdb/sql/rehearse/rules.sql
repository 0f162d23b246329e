-- What binds the rows of each table: its keys, its checks, and the bounds of a partition
--
-- Unique indexes count as keys, partial ones and those on expressions as well as they can.
--
-- min-version: 16
-- column: table       text    Name with its schema
-- column: kind        text    check, foreign, unique, or slow for an index that takes long to fill
-- column: columns     text[]  The columns that it is about, quoted at need
-- column: expression  text    Of a check: what must not be false
-- column: parent      text    Of a foreign key: the table that it refers to
-- column: keys        text[]  Of a foreign key: the columns there
with tables as (
    select c.oid, c.relispartition, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'litxdb')
)
select
    t.name as "table",
    case k.contype when 'c' then 'check' else 'foreign' end as kind,
    (
        select array_agg(quote_ident(a.attname) order by p.place)
        from unnest(k.conkey) with ordinality as p (number, place)
        join pg_attribute a on a.attrelid = t.oid and a.attnum = p.number
    ) as columns,
    pg_get_expr(k.conbin, k.conrelid) as expression,
    quote_ident(n.nspname) || '.' || quote_ident(f.relname) as parent,
    (
        select array_agg(quote_ident(a.attname) order by p.place)
        from unnest(k.confkey) with ordinality as p (number, place)
        join pg_attribute a on a.attrelid = f.oid and a.attnum = p.number
    ) as keys
from tables t
join pg_constraint k on k.conrelid = t.oid
left join pg_class f on f.oid = k.confrelid
left join pg_namespace n on n.oid = f.relnamespace
where k.contype = 'c' or (k.contype = 'f' and k.conparentid = 0) or (k.contype = 'f' and t.relispartition)
union all
select
    t.name,
    case when m.amname in ('hnsw', 'ivfflat') then 'slow' else 'unique' end,
    (
        select array_agg(quote_ident(a.attname))
        from pg_attribute a
        where a.attrelid = t.oid and a.attnum = any(i.indkey::smallint[]) and a.attnum > 0
    ),
    null,
    null,
    null
from tables t
join pg_index i on i.indrelid = t.oid
join pg_class x on x.oid = i.indexrelid
join pg_am m on m.oid = x.relam
where i.indisunique or m.amname in ('hnsw', 'ivfflat')
union all
select
    t.name,
    'check',
    (
        select array_agg(quote_ident(a.attname))
        from pg_attribute a
        join pg_inherits h on h.inhrelid = t.oid
        join pg_partitioned_table p on p.partrelid = h.inhparent
        join pg_attribute b on b.attrelid = h.inhparent and b.attnum = any(p.partattrs::smallint[])
        where a.attrelid = t.oid and a.attname = b.attname
    ),
    pg_get_partition_constraintdef(t.oid),
    null,
    null
from tables t
where t.relispartition;
