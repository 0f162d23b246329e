-- Foreign keys whose columns are of other types than those they refer to, and how many foreign keys there are
--
-- One row at least: a pair of columns, or nulls where all agree. Types that are stored alike (varchar and text) agree.
-- https://www.postgresql.org/docs/current/catalog-pg-constraint.html
--
-- min-version: 15
-- column: examined           bigint   How many foreign keys there are; one of a partitioned table counts once
-- column: name               text     The constraint, quoted
-- column: table              text     The referencing table, with its schema, quoted
-- column: column             text     Its column, quoted
-- column: type               text     The column's type
-- column: bytes              integer  The type's length; -1 for any
-- column: referenced         text     The referenced table, with its schema, quoted
-- column: referenced_column  text     Its column, quoted
-- column: referenced_type    text     That column's type
-- column: referenced_bytes   integer  That type's length
with keys as (
    select k.*
    from pg_constraint k
    join pg_namespace n on n.oid = k.connamespace
    where
        k.contype = 'f' and k.conparentid = 0
        and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast_)?temp_'
),

columns as materialized (
    select k.conname, k.conrelid, k.confrelid, p.attnum, p.referenced
    from keys k
    cross join unnest(k.conkey, k.confkey) p (attnum, referenced)
),

pairs as (
    select
        k.conname, k.conrelid, k.confrelid, a.attname, f.attname as referenced_name,
        coalesce(nullif(t.typbasetype, 0), t.oid) as type, coalesce(nullif(ft.typbasetype, 0), ft.oid) as referenced_type
    from columns k
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.attnum
    join pg_attribute f on f.attrelid = k.confrelid and f.attnum = k.referenced
    join pg_type t on t.oid = a.atttypid
    join pg_type ft on ft.oid = f.atttypid
    where a.atttypid <> f.atttypid
)

select
    total.examined,
    quote_ident(p.conname) as name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) as "table",
    quote_ident(p.attname) as "column",
    format_type(p.type, null) as type,
    t.typlen::int as bytes,
    quote_ident(rn.nspname) || '.' || quote_ident(r.relname) as referenced,
    quote_ident(p.referenced_name) as referenced_column,
    format_type(p.referenced_type, null) as referenced_type,
    rt.typlen::int as referenced_bytes
from (select count(*) as examined from keys) total
left join pairs p on p.type <> p.referenced_type and not exists (
    select
    from pg_cast b
    where
        b.castmethod = 'b'
        and (b.castsource, b.casttarget) in ((p.type, p.referenced_type), (p.referenced_type, p.type))
)
left join pg_class c on c.oid = p.conrelid
left join pg_namespace n on n.oid = c.relnamespace
left join pg_class r on r.oid = p.confrelid
left join pg_namespace rn on rn.oid = r.relnamespace
left join pg_type t on t.oid = p.type
left join pg_type rt on rt.oid = p.referenced_type
order by 3, 2, 4
