-- Backups that are reading this database
--
-- pg_dump holds ACCESS SHARE on every table until it is done: whatever wants ACCESS EXCLUSIVE queues behind it, and
-- everybody else behind that. https://www.postgresql.org/docs/current/explicit-locking.html
--
-- min-version: 15
-- column: pid          integer  The session of the backup
-- column: application  text     Its application_name
-- column: role         text     Its role
-- column: host         text     Where it comes from; null for a socket
-- column: state        text     What it is doing
-- column: seconds      float    How long its transaction has been open
-- column: query        text     Its latest statement
-- column: table        text     Always null: it reads them all
select
    a.pid,
    a.application_name as application,
    a.usename::text as role,
    host(a.client_addr) as host,
    a.state,
    extract(epoch from clock_timestamp() - a.xact_start)::float as seconds,
    a.query,
    null::text as "table"
from pg_stat_activity a
where
    a.datname = current_database()
    and (a.application_name = 'pg_dump' or a.application_name like 'litxdb backup%')
    and exists (
        select
        from pg_locks l
        join pg_class c on c.oid = l.relation
        where
            l.pid = a.pid
            and l.granted
            and l.mode = 'AccessShareLock'
            and c.relkind in ('r', 'p')
            and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
    )
order by a.xact_start
