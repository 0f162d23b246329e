-- The versions of the collations that indexes of text are sorted by, as recorded and as the libraries have them now
--
-- The database's own collation, and the named ones that an index uses; a collation without versions (C, POSIX) is left
-- out. https://www.postgresql.org/docs/current/sql-altercollation.html
--
-- min-version: 15
-- column: oid        oid      The collation; 0 for the database's own
-- column: collation  text     The collation, with its schema, quoted; the database, quoted, for its own
-- column: recorded   text     The version that indexes were built with; null when it was not recorded
-- column: actual     text     The version now
-- column: indexes    bigint   How many indexes are sorted by it
-- column: names      text     Those of a named collation, with their schemas, quoted, a line each
with sorted as (
    select
        u.oid,
        count(distinct i.indexrelid) as indexes,
        case when u.oid <> 100 then string_agg(distinct format('%I.%I', n.nspname, c.relname), e'\n') end as names
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace
    cross join unnest(i.indcollation::oid[]) u (oid)
    where u.oid <> 0 and i.indexrelid >= 16384
    group by u.oid
)

select
    0::oid as oid,
    quote_ident(d.datname) as collation,
    d.datcollversion as recorded,
    pg_database_collation_actual_version(d.oid) as actual,
    coalesce((select s.indexes from sorted s where s.oid = 100), 0) as indexes,
    null::text as names
from pg_database d
where d.datname = current_database() and pg_database_collation_actual_version(d.oid) is not null
union all
select
    c.oid,
    quote_ident(n.nspname) || '.' || quote_ident(c.collname),
    c.collversion,
    pg_collation_actual_version(c.oid),
    s.indexes,
    s.names
from sorted s
join pg_collation c on c.oid = s.oid and c.collprovider <> 'd'
join pg_namespace n on n.oid = c.collnamespace
where pg_collation_actual_version(c.oid) is not null
