-- Tables and materialized views with their columns and primary keys, partitions within the table that they are parts of
--
-- The catalog's own tables, those of extensions, temporary ones and foreign ones are left out, and materialized views
-- that hold nothing yet.
--
-- min-version: 15
-- column: table       text     Its name, quoted, with its schema
-- column: schema      text     Its schema, as it is
-- column: name        text     Its name, as it is
-- column: partitioned boolean  Whether it is partitioned
-- column: view        boolean  Whether it is a materialized view
-- column: comment     text     What COMMENT says of it
-- column: key         text[]   The columns of the primary key, in its order; empty without one
-- column: columns     json     Of each column: name, type, base type, category, not null, generated, comment
select
    format('%I.%I', n.nspname, c.relname) as "table",
    n.nspname::text as schema,
    c.relname::text as name,
    c.relkind = 'p' as partitioned,
    c.relkind = 'm' as view,
    obj_description(c.oid, 'pg_class') as comment,
    coalesce(keys.names, '{}') as key,
    coalesce(columns.list, '[]') as columns
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join lateral (
    select array_agg(a.attname::text order by u.place) as names
    from pg_constraint k
    cross join lateral unnest(k.conkey) with ordinality u (attnum, place)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = u.attnum
    where k.conrelid = c.oid and k.contype = 'p'
) keys on true
left join lateral (
    select json_agg(
        json_build_array(
            a.attname,
            format_type(a.atttypid, a.atttypmod),
            coalesce(b.typname, t.typname),
            t.typcategory,
            a.attnotnull,
            a.attgenerated <> '',
            col_description(c.oid, a.attnum)
        )
        order by a.attnum
    ) as list
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    left join pg_type b on t.typtype = 'd' and b.oid = t.typbasetype
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
) columns on true
where
    c.relkind in ('r', 'p', 'm')
    and c.relispopulated
    and not c.relispartition
    and c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and not exists (
        select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
order by c.relkind = 'm', case when c.relkind = 'm' then c.oid end, n.nspname, c.relname
