-- Vector columns and their indexes
--
-- `build_bytes` is what building the HNSW index takes in memory, by pgvector's own layout (for each row 4 bytes a
-- dimension, or 2 for halfvec, 32 for each of m, and 208): beyond maintenance_work_mem the build is many times slower.
-- https://github.com/pgvector/pgvector#index-build-time
--
-- min-version: 15
-- needs: extension vector 0.5
-- column: table        text     Name with its schema
-- column: column       text     The column; null for an index on an expression
-- column: type         text     vector, halfvec or sparsevec
-- column: dimensions   count    Its dimensions; null when the column takes any
-- column: rows         count    Estimated rows; null when the table was never analyzed
-- column: index        text     The index; null for none
-- column: method       text     hnsw or ivfflat
-- column: distance     text     The operator class
-- column: parameters   text     Its storage parameters
-- column: bytes        bytes    The index, by the last VACUUM or ANALYZE
-- column: valid        boolean  Whether queries use it
-- column: build_bytes  bytes    Memory for building an HNSW index
-- column: build_fits   boolean  Whether that is within maintenance_work_mem
with vector_types as (
    select y.oid, y.typname::text as type
    from pg_type y
    join pg_depend d on d.classid = 'pg_type'::regclass and d.objid = y.oid and d.deptype = 'e'
    join pg_extension e on e.oid = d.refobjid and d.refclassid = 'pg_extension'::regclass
    where e.extname = 'vector'
),
indexes as (
    select
        i.indexrelid,
        i.indrelid,
        i.indkey[0] as attnum,
        format('%I.%I', n.nspname, x.relname) as index,
        m.amname::text as method,
        o.opcname::text as distance,
        array_to_string(x.reloptions, ', ') as parameters,
        x.relpages::bigint * current_setting('block_size')::bigint as bytes,
        i.indisvalid and i.indisready as valid,
        coalesce(
            (select p.option_value::int from pg_options_to_table(x.reloptions) p where p.option_name = 'm'), 16
        ) as m
    from pg_index i
    join pg_class x on x.oid = i.indexrelid
    join pg_namespace n on n.oid = x.relnamespace
    join pg_am m on m.oid = x.relam
    join pg_opclass o on o.oid = i.indclass[0]
    where m.amname in ('hnsw', 'ivfflat')
),
searched as (
    select a.attrelid, quote_ident(a.attname) as "column", v.type, a.atttypmod, i.*
    from pg_attribute a
    join vector_types v on v.oid = a.atttypid
    join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'm', 'p')
    left join indexes i on i.indrelid = a.attrelid and i.attnum = a.attnum
    where a.attnum > 0 and not a.attisdropped
    union all
    select i.indrelid, null, v.type, a.atttypmod, i.*
    from indexes i
    join pg_attribute a on a.attrelid = i.indexrelid and a.attnum = 1
    join vector_types v on v.oid = a.atttypid
    where i.attnum = 0
),
sized as (
    select
        s.*,
        format('%I.%I', n.nspname, c.relname) as "table",
        nullif(s.atttypmod, -1) as dimensions,
        case when c.reltuples >= 0 then c.reltuples::bigint end as rows
    from searched s
    join pg_class c on c.oid = s.attrelid
    join pg_namespace n on n.oid = c.relnamespace
)
select
    k."table",
    k."column",
    k.type,
    k.dimensions,
    k.rows,
    k.index,
    k.method,
    k.distance,
    k.parameters,
    k.bytes,
    k.valid,
    b.bytes as build_bytes,
    b.bytes <= pg_size_bytes(current_setting('maintenance_work_mem')) as build_fits
from sized k
left join lateral (
    select k.rows * (case k.type when 'halfvec' then 2 else 4 end * k.dimensions + 8 + 32 * coalesce(k.m, 16) + 200) as bytes
) b on k.type in ('vector', 'halfvec') and coalesce(k.method, 'hnsw') = 'hnsw'
order by 1, 2, 6
