-- Foreign keys with their columns in order, those of partitions told of the partitioned table
--
-- on_delete is what happens to the referencing row: cascade, set null, set default, restrict or no action.
--
-- min-version: 15
-- column: name           text     The constraint, as it is
-- column: table          text     The referencing table, quoted, with its schema
-- column: columns        text[]   Its columns, as they are
-- column: target         text     The referenced table, quoted, with its schema
-- column: target_columns text[]   The referenced columns, in the same order
-- column: on_delete      text     What deleting the referenced row does
-- column: nullable       boolean  Whether the referencing columns may all be null
select distinct
    k.conname::text as name,
    format('%I.%I', n.nspname, c.relname) as "table",
    columns.names as columns,
    format('%I.%I', tn.nspname, t.relname) as target,
    columns.targets as target_columns,
    case k.confdeltype
        when 'c' then 'cascade'
        when 'n' then 'set null'
        when 'd' then 'set default'
        when 'r' then 'restrict'
        else 'no action'
    end as on_delete,
    columns.nullable
from pg_constraint k
join pg_class c on c.oid = coalesce(pg_partition_root(k.conrelid), k.conrelid)
join pg_namespace n on n.oid = c.relnamespace
join pg_class t on t.oid = coalesce(pg_partition_root(k.confrelid), k.confrelid)
join pg_namespace tn on tn.oid = t.relnamespace
cross join lateral (
    select
        array_agg(a.attname::text order by u.place) as names,
        array_agg(b.attname::text order by u.place) as targets,
        not bool_or(a.attnotnull) as nullable
    from unnest(k.conkey, k.confkey) with ordinality u (attnum, target, place)
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum
    join pg_attribute b on b.attrelid = k.confrelid and b.attnum = u.target
) columns
where k.contype = 'f' and k.conparentid = 0 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by 2, 3, 1
