-- Indexes that find nearest vectors, each with its operator, its parameters and its table's rows
--
-- Approximate ones (HNSW, IVFFlat), valid or not; those of partitions each by itself. An index on an expression, such as
-- a shorter type, is about the column in it. https://github.com/pgvector/pgvector#indexing
--
-- min-version: 15
-- column: oid           oid      The index
-- column: index         text     The index, with its schema, quoted
-- column: table_oid     oid      The table
-- column: table         text     The table, with its schema, quoted
-- column: number        integer  The number of the column of vectors that it is about
-- column: column        text     That column, quoted
-- column: table_name    text     The table as it is called, without schema and quotes
-- column: column_name   text     The column as it is called, without quotes
-- column: column_type   text     The column's type
-- column: method        text     hnsw or ivfflat
-- column: opclass       text     The operator class
-- column: operator      text     The operator that it serves: <->, <#>, <=>, <+>, <~> or <%>
-- column: schema        text     The operator's schema, quoted
-- column: type          text     What it holds: vector, halfvec, sparsevec or bit
-- column: dimensions    integer  How long the vectors in it are; null when it does not say
-- column: m             integer  HNSW: connections of a vector
-- column: construction  integer  HNSW: ef_construction, candidates looked at for each vector while it is built
-- column: lists         integer  IVFFlat: lists
-- column: valid         boolean  Whether queries use it
-- column: partial       boolean  Whether it holds only some rows
-- column: on_column     boolean  Whether it is on the column itself, not on an expression
-- column: pages         integer  Its size
-- column: rows          bigint   Estimated rows of the table
-- column: dead          bigint   Estimated dead rows of the table
-- column: readable      boolean  Whether the role may read the column
select
    i.indexrelid as oid,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) as "index",
    i.indrelid as table_oid,
    quote_ident(tn.nspname) || '.' || quote_ident(t.relname) as "table",
    a.attnum::int as number,
    quote_ident(a.attname) as "column",
    t.relname::text as table_name,
    a.attname::text as column_name,
    a.typname::text as column_type,
    am.amname::text as method,
    oc.opcname::text as opclass,
    op.oprname::text as operator,
    quote_ident(opn.nspname) as schema,
    y.typname::text as type,
    nullif(key.atttypmod, -1) as dimensions,
    coalesce((o.options ->> 'm')::int, 16) as m,
    coalesce((o.options ->> 'ef_construction')::int, 64) as construction,
    coalesce((o.options ->> 'lists')::int, 100) as lists,
    i.indisvalid as valid,
    i.indpred is not null as partial,
    i.indexprs is null as on_column,
    c.relpages as pages,
    greatest(t.reltuples::bigint, pg_stat_get_live_tuples(t.oid)) as "rows",
    pg_stat_get_dead_tuples(t.oid) as dead,
    has_column_privilege(t.oid, a.attnum, 'select') and has_schema_privilege(t.relnamespace, 'usage') as readable
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_class t on t.oid = i.indrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_namespace tn on tn.oid = t.relnamespace
join pg_am am on am.oid = c.relam and am.amname in ('hnsw', 'ivfflat')
join pg_opclass oc on oc.oid = i.indclass[0]
cross join lateral (
    select json_object_agg(option_name, option_value) as options
    from pg_options_to_table(c.reloptions)
) o
join pg_attribute key on key.attrelid = i.indexrelid and key.attnum = 1
join pg_type y on y.oid = key.atttypid
left join pg_amop s on s.amopfamily = oc.opcfamily and s.amoppurpose = 'o' and s.amoplefttype = oc.opcintype
left join pg_operator op on op.oid = s.amopopr
left join pg_namespace opn on opn.oid = op.oprnamespace
left join lateral (
    select a.attnum, a.attname, ay.typname
    from pg_attribute a
    join pg_type ay on ay.oid = a.atttypid
    where
        a.attrelid = i.indrelid
        and (
            a.attnum = i.indkey[0]
            or i.indkey[0] = 0 and ay.typname in ('vector', 'halfvec', 'sparsevec') and exists (
                select
                from pg_depend d
                where
                    d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
                    and d.refclassid = 'pg_class'::regclass and d.refobjid = i.indrelid and d.refobjsubid = a.attnum
            )
        )
    order by a.attnum
    limit 1
) a on true
where c.relkind = 'i' and c.relpersistence <> 't'
order by 2
