-- GIN indexes and their pending lists
--
-- Reads one page of each. pg_stat_scan_tables (pg_monitor) may. An index that somebody has locked is left out.
-- https://www.postgresql.org/docs/current/pgstattuple.html
--
-- needs: extension pgstattuple 1.5
-- min-version: 15
-- column: oid     oid     The index
-- column: index   text    The index, with its schema, quoted
-- column: pages   bigint  Pages of its pending list
-- column: tuples  bigint  Rows in it
with indexes as materialized (
    select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name
    from pg_index i
    join pg_class c on c.oid = i.indexrelid and c.relkind = 'i'
    join pg_am a on a.oid = c.relam and a.amname = 'gin'
    join pg_namespace n on n.oid = c.relnamespace
    where
        i.indisvalid
        and c.relpersistence <> 't'
        and not exists (
            select
            from pg_locks l
            where l.relation = c.oid and l.mode = 'AccessExclusiveLock'
        )
)

select
    i.oid,
    i.name as "index",
    p.pending_pages::bigint as pages,
    p.pending_tuples::bigint as tuples
from indexes i
cross join lateral pgstatginindex(i.oid) p
