-- Sequences: how far each has come
--
-- Without USAGE or SELECT on a sequence its value cannot be read. One that somebody is altering is left out, because
-- reading it would wait; so are temporary ones, and on a standby unlogged ones, which have no value there.
-- https://www.postgresql.org/docs/current/view-pg-sequences.html
--
-- min-version: 15
-- column: oid         bigint  The sequence
-- column: last_value  bigint  The value it gave last; null when it gave none
select
    s.seqrelid::bigint as oid,
    pg_sequence_last_value(s.seqrelid) as last_value
from pg_sequence s
join pg_class c on c.oid = s.seqrelid
where
    has_sequence_privilege(s.seqrelid, 'usage, select')
    and c.relpersistence <> 't'
    and not (c.relpersistence = 'u' and pg_is_in_recovery())
    and not exists (
        select
        from pg_locks l
        where l.relation = s.seqrelid and l.mode in ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    )
order by 1
