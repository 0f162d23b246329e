-- Partitions of a table, those that have partitions of their own before these
--
-- min-version: 15
-- param: table = 0
-- column: oid          integer  The partition
-- column: parent_oid   integer  What it is a partition of
-- column: name         text     Its name
-- column: quoted       text     The same, quoted, with its schema
-- column: schema       text     Its schema
-- column: partitioned  boolean  Whether it has partitions of its own
select
    c.oid,
    p.parentrelid::oid as parent_oid,
    c.relname::text as name,
    format('%I.%I', n.nspname, c.relname) as quoted,
    n.nspname::text as schema,
    not p.isleaf as partitioned
from pg_partition_tree(:table) p
join pg_class c on c.oid = p.relid
join pg_namespace n on n.oid = c.relnamespace
where p.parentrelid is not null
order by p.level, n.nspname, c.relname
