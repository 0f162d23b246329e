-- Indexes of users' tables, with all that makes two of them alike or different
--
-- Reads the catalog alone: pg_get_indexdef() would wait for whoever locks the table. Predicate and expressions are the
-- server's internal trees, as text. https://www.postgresql.org/docs/current/catalog-pg-index.html
--
-- min-version: 15
-- column: oid                 bigint   The index
-- column: name                text     Its name, quoted, with its schema
-- column: table_oid           bigint   The table
-- column: table               text     Its name, quoted, with its schema
-- column: method              text     The access method
-- column: key_count           integer  Key columns; those behind them are INCLUDE columns
-- column: columns             text     Numbers of all columns, 0 for an expression
-- column: classes             text     Operator classes of the key columns, by oid
-- column: collations          text     Collations of the key columns, by oid, 0 for none
-- column: directions          text     Option bits of the key columns: 1 for DESC, 2 for NULLS FIRST
-- column: predicate           text     The predicate's tree
-- column: expressions         text     The trees of the expressions
-- column: is_unique           boolean  Whether it is unique
-- column: is_primary          boolean  Whether it is the primary key's
-- column: is_exclusion        boolean  Whether it is an exclusion constraint's
-- column: is_immediate        boolean  Whether uniqueness is checked at once
-- column: nulls_not_distinct  boolean  Whether two nulls are equal
-- column: is_usable           boolean  Whether queries use it: valid, ready and live
-- column: is_replica_identity boolean  Whether the table's replica identity is this index
-- column: is_clustered        boolean  Whether the table was clustered by it
-- column: is_partitioned      boolean  Whether it is a partitioned table's
-- column: is_attached         boolean  Whether it belongs to the index of a partitioned table
-- column: is_referenced       boolean  Whether a foreign key depends on it
-- column: constraint          text     The constraint that it carries, quoted; null for none
-- column: bytes               bigint   Its size by the last VACUUM or ANALYZE
-- column: rows                bigint   Its entries, by the same; null when there was none
-- column: settings            text     Its storage parameters
select
    i.indexrelid::bigint as oid,
    format('%I.%I', n.nspname, c.relname) as name,
    i.indrelid::bigint as table_oid,
    format('%I.%I', n.nspname, t.relname) as "table",
    a.amname::text as method,
    i.indnkeyatts::int as key_count,
    i.indkey::text as columns,
    i.indclass::text as classes,
    i.indcollation::text as collations,
    i.indoption::text as directions,
    i.indpred::text as predicate,
    i.indexprs::text as expressions,
    i.indisunique as is_unique,
    i.indisprimary as is_primary,
    i.indisexclusion as is_exclusion,
    i.indimmediate as is_immediate,
    i.indnullsnotdistinct as nulls_not_distinct,
    i.indisvalid and i.indisready and i.indislive as is_usable,
    i.indisreplident as is_replica_identity,
    i.indisclustered as is_clustered,
    c.relkind = 'I' as is_partitioned,
    c.relispartition as is_attached,
    i.indexrelid in (select k.conindid from pg_constraint k where k.contype = 'f') as is_referenced,
    quote_ident(own.conname) as "constraint",
    c.relpages::bigint * current_setting('block_size')::bigint as bytes,
    case when c.reltuples >= 0 then c.reltuples::bigint end as rows,
    array_to_string(c.reloptions, ', ') as settings
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_class t on t.oid = i.indrelid
join pg_namespace n on n.oid = t.relnamespace
join pg_am a on a.oid = c.relam
left join pg_constraint own on own.conindid = i.indexrelid and own.contype in ('p', 'u', 'x')
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by 2
