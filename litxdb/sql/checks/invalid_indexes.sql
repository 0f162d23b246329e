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
-- column: table     text  The table, with its schema
select
    format('%I.%I', n.nspname, c.relname) as object,
    format('on %I, %s bytes', t.relname, c.relpages::bigint * current_setting('block_size')::bigint) as measured,
    format('%I.%I', m.nspname, t.relname) as "table"
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_class t on t.oid = i.indrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_namespace m on m.oid = t.relnamespace
where
    not i.indisvalid
    and c.relkind = 'i'
    and not exists (
        -- a builder by its lock: without pg_read_all_stats the view hides which index another role's session builds
        select
        from pg_stat_progress_create_index p
        join pg_locks l on l.pid = p.pid
        where l.relation = i.indrelid and l.mode = 'ShareUpdateExclusiveLock' and l.granted
    )
order by 1
