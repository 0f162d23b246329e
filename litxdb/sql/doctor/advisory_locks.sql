-- Advisory locks that sessions hold, and who waits for them
--
-- One row a lock and holder, of all databases. What an idle session holds is a lock of the session, as one of its
-- transaction would be gone. https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
--
-- min-version: 15
-- column: pid          integer  The holder
-- column: database     text     Its database
-- column: key          text     The lock: one number, or two
-- column: role         text     The holder's role
-- column: application  text     Its application_name
-- column: state        text     What it is doing; null where not visible
-- column: seconds      double   Seconds since that changed
-- column: ours         boolean  Whether our own session holds it, to which a pooler has handed it
-- column: litxdb       boolean  Whether the holder is a migration or backup by litxdb: all of them share one lock
-- column: waiting      integer  Sessions that wait for the lock
select
    l.pid,
    d.datname::text as database,
    -- a lock of one bigint has objsubid 1 and its halves in classid and objid
    case
        when l.objsubid = 1 then ((l.classid::bigint << 32) | l.objid::bigint)::text
        else format('%s, %s', l.classid::int, l.objid::int)
    end as key,
    a.usename::text as role,
    a.application_name as application,
    a.state,
    extract(epoch from clock_timestamp() - a.state_change)::float8 as seconds,
    l.pid = pg_backend_pid() as ours,
    exists (
        select
        from pg_locks h
        where
            h.pid = l.pid
            and h.granted
            and h.locktype = 'advisory'
            and h.objsubid = 1
            and ((h.classid::bigint << 32) | h.objid::bigint) in (
                hashtextextended(d.datname || '.litxdb_backup', 0), hashtextextended(d.datname || '.litxdb_schema', 0)
            )
    ) as litxdb,
    (
        select count(distinct w.pid)::int
        from pg_locks w
        where
            not w.granted
            and w.locktype = 'advisory'
            and (w.database, w.classid, w.objid, w.objsubid) = (l.database, l.classid, l.objid, l.objsubid)
    ) as waiting
from pg_locks l
join pg_stat_activity a on a.pid = l.pid
left join pg_database d on d.oid = l.database
where l.locktype = 'advisory' and l.granted
