-- Which table is a partition of which
--
-- https://www.postgresql.org/docs/current/catalog-pg-inherits.html
--
-- min-version: 15
-- column: table_oid   bigint   The partition
-- column: parent_oid  bigint   The partitioned table
-- column: is_leaf     boolean  Whether it is not partitioned itself
select
    i.inhrelid::bigint as table_oid,
    i.inhparent::bigint as parent_oid,
    c.relkind <> 'p' as is_leaf
from pg_inherits i
join pg_class c on c.oid = i.inhrelid
where c.relispartition and c.relkind in ('r', 'p', 'f')
