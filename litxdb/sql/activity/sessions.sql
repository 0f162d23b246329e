-- Sessions: whose they are, what each does, and whom it waits for
--
-- Without pg_read_all_stats the state, the times and the statement of other roles' sessions are null, but who waits for
-- whom is there. pg_blocking_pids() is asked for those alone that wait, because it holds up the lock manager for a
-- moment; pid 0 is a prepared transaction. https://www.postgresql.org/docs/current/functions-info.html
--
-- min-version: 15
-- column: pid                  integer    The backend
-- column: started_at           timestamp  When it began; null when not visible
-- column: role                 text       Its role; null for a process of the server itself
-- column: database             text       Its database
-- column: application          text       Its application_name
-- column: client               text       Where it comes from; null for a socket
-- column: backend_type         text       client backend, autovacuum worker…; null when not visible
-- column: state                text       active, idle, idle in transaction…; null when not visible
-- column: wait_event_type      text       What kind of thing it waits for
-- column: wait_event           text       What it waits for
-- column: transaction_seconds  float      How long its transaction has been open
-- column: query_seconds        float      How long ago its latest statement began
-- column: state_seconds        float      How long it has been in its state
-- column: xmin_age             bigint     Transactions since the oldest that its snapshot may want to see
-- column: query                text       Its latest statement; null when not visible
-- column: blocked_by           integer[]  The sessions that it waits for
-- column: awaited_mode         text       The lock that it waits for
-- column: awaited_type         text       On what kind of thing: relation, tuple, transactionid, advisory…
-- column: awaited              text       On what
-- column: waited_seconds       float      For how long
-- column: holds_advisory       boolean    Whether it holds an advisory lock
-- column: is_visible           boolean    Whether state and statement are visible
-- column: is_own               boolean    Whether it is the one that asks
select
    a.pid,
    a.backend_start as started_at,
    a.usename::text as role,
    a.datname::text as database,
    a.application_name as application,
    coalesce(a.client_hostname, host(a.client_addr)) as client,
    a.backend_type,
    a.state,
    a.wait_event_type,
    a.wait_event,
    extract(epoch from clock_timestamp() - a.xact_start)::float8 as transaction_seconds,
    extract(epoch from clock_timestamp() - a.query_start)::float8 as query_seconds,
    extract(epoch from clock_timestamp() - a.state_change)::float8 as state_seconds,
    greatest(age(a.backend_xmin), age(a.backend_xid))::bigint as xmin_age,
    case when a.state is not null then a.query end as query,
    case when l.pid is not null then pg_blocking_pids(a.pid) else '{}' end as blocked_by,
    l.mode as awaited_mode,
    l.locktype as awaited_type,
    case
        when l.locktype = 'advisory' and l.objsubid = 1
            then format('advisory lock %s', (l.classid::bigint << 32) | l.objid::bigint)
        when l.locktype = 'advisory' then format('advisory lock (%s, %s)', l.classid, l.objid)
        when l.locktype in ('transactionid', 'virtualxid') then 'the end of a transaction'
        when c.oid is not null and l.locktype = 'tuple' then format('a row of %I.%I', n.nspname, c.relname)
        when c.oid is not null then format('%I.%I', n.nspname, c.relname)
        when l.relation is not null then format('relation %s of %I', l.relation, d.datname)
        else l.locktype
    end as awaited,
    extract(epoch from clock_timestamp() - l.waitstart)::float8 as waited_seconds,
    exists (
        select
        from pg_locks h
        where h.pid = a.pid and h.locktype = 'advisory' and h.granted
    ) as holds_advisory,
    a.state is not null or a.backend_type is not null as is_visible,
    a.pid = pg_backend_pid() as is_own
from pg_stat_activity a
left join pg_locks l on l.pid = a.pid and not l.granted
left join pg_database d on d.oid = l.database
left join pg_class c on c.oid = l.relation and d.datname = current_database()
left join pg_namespace n on n.oid = c.relnamespace
order by a.xact_start, a.pid
