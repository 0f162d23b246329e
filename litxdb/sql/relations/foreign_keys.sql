-- Foreign keys, each once, whatever partitions there are
--
-- An index serves a foreign key when it can answer the operators by which the server looks for referencing rows.
-- https://www.postgresql.org/docs/current/catalog-pg-constraint.html
--
-- min-version: 15
-- column: oid               bigint   The constraint
-- column: name              text     Its name, quoted
-- column: table_oid         bigint   The referencing table
-- column: table             text     Its name, quoted, with its schema
-- column: is_partitioned    boolean  Whether that table is partitioned
-- column: columns           text     Numbers of the referencing columns
-- column: column_names      text     Their names, quoted, with commas between
-- column: collations        text     Their collations, by oid, 0 for none
-- column: operators         text     The operators that compare them with the referenced ones, by oid
-- column: referenced        text     The referenced table, quoted, with its schema
-- column: rows              bigint   Rows of the referencing table, estimated; null when it was never analyzed
-- column: bytes             bigint   Its heap, by the last VACUUM or ANALYZE
-- column: referenced_writes bigint   Rows deleted from the referenced table, and updated there, since the last reset
with recursive parts as (
    select k.conrelid as root, k.conrelid as part
    from pg_constraint k
    where k.contype = 'f' and k.conparentid = 0
    union
    select p.root, i.inhrelid
    from parts p
    join pg_inherits i on i.inhparent = p.part
    join pg_class c on c.oid = i.inhrelid and c.relispartition
),
sizes as (
    select
        p.root,
        case when bool_and(c.reltuples >= 0) then sum(c.reltuples)::bigint end as rows,
        sum(c.relpages::bigint * current_setting('block_size')::bigint)::bigint as bytes
    from parts p
    join pg_class c on c.oid = p.part and c.relkind <> 'p'
    group by p.root
)
select
    k.oid::bigint as oid,
    quote_ident(k.conname) as name,
    k.conrelid::bigint as table_oid,
    format('%I.%I', n.nspname, c.relname) as "table",
    c.relkind = 'p' as is_partitioned,
    array_to_string(k.conkey, ' ') as columns,
    columns.names as column_names,
    columns.collations,
    array_to_string(k.conpfeqop, ' ') as operators,
    format('%I.%I', rn.nspname, rc.relname) as referenced,
    z.rows,
    coalesce(z.bytes, 0) as bytes,
    coalesce(s.n_tup_del + s.n_tup_upd, 0) as referenced_writes
from pg_constraint k
join pg_class c on c.oid = k.conrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_class rc on rc.oid = k.confrelid
join pg_namespace rn on rn.oid = rc.relnamespace
cross join lateral (
    select
        string_agg(quote_ident(a.attname), ', ' order by u.place) as names,
        string_agg(a.attcollation::text, ' ' order by u.place) as collations
    from unnest(k.conkey) with ordinality u (attnum, place)
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum
) columns
left join sizes z on z.root = k.conrelid
left join pg_stat_all_tables s on s.relid = k.confrelid
where k.contype = 'f' and k.conparentid = 0 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by 4, 2
