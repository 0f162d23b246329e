-- How indexes are defined
--
-- The definition is asked of PostgreSQL, which waits for whoever else holds ACCESS EXCLUSIVE on the table: such tables are
-- left out, and lock_timeout should be set against those that come meanwhile. The target is what follows the table in
-- CREATE INDEX.
--
-- min-version: 15
-- param: indexes = {}
-- column: oid         integer  The index
-- column: target      text     USING, columns, operator classes, parameters, predicate
-- column: definition  text     The whole statement
select
    oid,
    substr(definition, length(format('CREATE %sINDEX %I ON %s%s ', uniqueness, relname, only_word, table_quoted)) + 1) as target,
    definition
from (
    select
        c.oid,
        c.relname,
        case when i.indisunique then 'UNIQUE ' else '' end as uniqueness,
        case when c.relkind = 'I' then 'ONLY ' else '' end as only_word,
        format('%I.%I', n.nspname, t.relname) as table_quoted,
        pg_get_indexdef(c.oid) as definition
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_class t on t.oid = i.indrelid
    join pg_namespace n on n.oid = t.relnamespace
    where i.indexrelid = any(:indexes::oid[])
        and not exists (
            select
            from pg_locks l
            where l.relation = i.indrelid
                and l.mode = 'AccessExclusiveLock'
                and l.granted
                and l.pid <> pg_backend_pid()
        )
) defined
