-- Prepared transactions, and the sessions that wait for each
--
-- They belong to no session: pg_blocking_pids() calls them 0. Each holds a lock on its own number, by which its other
-- locks are known. https://www.postgresql.org/docs/current/view-pg-prepared-xacts.html
--
-- min-version: 15
-- column: gid       text       The name that it was prepared under
-- column: role      text       Who prepared it
-- column: database  text       Where
-- column: seconds   float      How long ago
-- column: xid_age   bigint     Transactions since it began
-- column: victims   integer[]  The sessions that wait for one of its locks
with held as (
    select own.transactionid as prepared, l.*
    from pg_locks l
    join pg_locks own on own.virtualtransaction = l.virtualtransaction
    where
        l.pid is null and l.granted
        and own.pid is null and own.locktype = 'transactionid' and own.mode = 'ExclusiveLock' and own.granted
)
select
    p.gid,
    p.owner::text as role,
    p.database::text as database,
    extract(epoch from clock_timestamp() - p.prepared)::float8 as seconds,
    age(p.transaction)::bigint as xid_age,
    array(
        select distinct w.pid
        from pg_locks w
        join held h on
            h.locktype = w.locktype
            and (h.database, h.relation, h.page, h.tuple, h.transactionid, h.classid, h.objid, h.objsubid)
            is not distinct from
            (w.database, w.relation, w.page, w.tuple, w.transactionid, w.classid, w.objid, w.objsubid)
        where not w.granted and h.prepared = p.transaction
        order by 1
    ) as victims
from pg_prepared_xacts p
order by p.prepared
