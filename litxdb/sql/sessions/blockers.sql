-- The sessions that a session waits for
--
-- Only a session that waits for a lock is looked at closely, as pg_blocking_pids() holds up the lock manager for a
-- moment. Pid 0 is a prepared transaction. https://www.postgresql.org/docs/current/functions-info.html
--
-- min-version: 15
-- param: pid = 0
-- column: pid          integer  The session in the way
-- column: application  text     Its application_name, or what kind of process it is
-- column: role         text     Its role
-- column: host         text     Where it comes from; null for a socket
-- column: state        text     What it is doing
-- column: seconds      float    How long its transaction has been open
-- column: query        text     Its latest statement
-- column: table        text     The table that is waited for, where it is one
select
    b.pid,
    coalesce(nullif(a.application_name, ''), a.backend_type) as application,
    a.usename::text as role,
    host(a.client_addr) as host,
    a.state,
    extract(epoch from clock_timestamp() - a.xact_start)::float as seconds,
    a.query,
    (
        select l.relation::regclass::text
        from pg_locks l
        where l.pid = w.pid and not l.granted and l.locktype = 'relation'
        limit 1
    ) as "table"
from pg_stat_activity w
cross join lateral (select distinct pid from unnest(pg_blocking_pids(w.pid)) as found (pid)) b
left join pg_stat_activity a on a.pid = b.pid
where w.pid = :pid and w.wait_event_type = 'Lock'
order by a.xact_start
