-- Replicas and replication slots: how far behind each is
--
-- A slot that nobody reads keeps WAL for ever, until the disk is full, unless max_slot_wal_keep_size ends it. A server
-- without replicas and slots has no row.
-- https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-REPLICATION-VIEW
--
-- min-version: 15
-- needs: pg_read_all_stats
-- column: kind          text     replica or slot
-- column: name          text     application_name of the replica, or the slot's name
-- column: state         text     streaming, catchup…; of a slot active or inactive
-- column: type          text     sync or async; physical or logical
-- column: lag_bytes     bytes    WAL that it has not replayed, or that the slot keeps
-- column: lag_seconds   seconds  How long ago that was written; of a slot null
-- column: wal_status    text     Whether the WAL that a slot needs is still there
-- column: problem       text     Why a slot no longer works
select
    'replica' as kind,
    coalesce(nullif(r.application_name, ''), host(r.client_addr), r.pid::text) as name,
    r.state,
    r.sync_state as type,
    pg_wal_lsn_diff(here.lsn, r.replay_lsn)::bigint as lag_bytes,
    extract(epoch from r.replay_lag)::float8 as lag_seconds,
    null as wal_status,
    null as problem
from pg_stat_replication r
cross join lateral (
    select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end as lsn
) here
union all
select
    'slot',
    s.slot_name::text,
    case when s.active then 'active' else 'inactive' end,
    s.slot_type,
    pg_wal_lsn_diff(here.lsn, s.restart_lsn)::bigint,
    null,
    s.wal_status,
    case when s.wal_status = 'lost' then 'its WAL is gone' end
from pg_replication_slots s
cross join lateral (
    select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end as lsn
) here
order by 1, 5 desc nulls last, 2
