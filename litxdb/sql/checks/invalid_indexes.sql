-- Indexes that PostgreSQL maintains but does not use
--
-- An index is invalid when CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY was interrupted: every write still pays for
-- it, no query uses it, and CREATE INDEX … IF NOT EXISTS takes it for done. An index that is being built right now is
-- invalid as well, and is left out. https://www.postgresql.org/docs/current/sql-createindex.html
--
-- min-version: 15
-- level: crit
-- remedy: reindex index concurrently {object}
-- column: object    text  The index, with its schema
-- column: measured  text  Its table, and its size in bytes
select
    format('%I.%I', n.nspname, c.relname) as object,
    format('on %I, %s bytes', t.relname, c.relpages::bigint * current_setting('block_size')::bigint) as measured
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_class t on t.oid = i.indrelid
join pg_namespace n on n.oid = c.relnamespace
where
    not i.indisvalid
    and c.relkind = 'i'
    and not exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
order by 1
