-- Columns of vectors
--
-- Of tables and materialized views, partitions each by itself. The dimensions are those that the column's type demands.
-- Rows and dead rows are estimates. https://github.com/pgvector/pgvector
--
-- min-version: 15
-- column: table_oid   oid      The table
-- column: number      integer  The column's number in it
-- column: table       text     The table, with its schema, quoted
-- column: column      text     The column, quoted
-- column: schema      text     The extension's schema, quoted
-- column: type        text     vector, halfvec or sparsevec
-- column: dimensions  integer  How long every vector is; null when the type does not say
-- column: rows        bigint   Estimated rows of the table
-- column: pages       bigint   Pages of the table and its TOAST table by the last VACUUM or ANALYZE
-- column: readable    boolean  Whether the role may read the column
with types as (
    select t.oid, t.oid as base, t.typname, -1 as dimensions, n.nspname
    from pg_extension e
    join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid and d.deptype = 'e'
    join pg_type t on d.classid = 'pg_type'::regclass and t.oid = d.objid
    join pg_namespace n on n.oid = t.typnamespace
    where e.extname = 'vector' and t.typname in ('vector', 'halfvec', 'sparsevec')
),

kinds as (
    select * from types
    union all
    select d.oid, t.oid, t.typname, d.typtypmod, t.nspname
    from pg_type d
    join types t on t.oid = d.typbasetype
    where d.typtype = 'd'
)

select
    a.attrelid as table_oid,
    a.attnum::int as number,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) as "table",
    quote_ident(a.attname) as "column",
    quote_ident(k.nspname) as schema,
    k.typname::text as type,
    nullif(greatest(a.atttypmod, k.dimensions), -1) as dimensions,
    greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid)) as "rows",
    c.relpages::bigint + coalesce(toast.relpages, 0) as pages,
    has_column_privilege(a.attrelid, a.attnum, 'select') and has_schema_privilege(c.relnamespace, 'usage') as readable
from pg_attribute a
join kinds k on k.oid = a.atttypid
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
left join pg_class toast on toast.oid = c.reltoastrelid
where c.relkind in ('r', 'm') and not a.attisdropped and c.relpersistence <> 't'
order by 3, 4
