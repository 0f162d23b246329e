-- Replication slots, and what each holds back
--
-- An inactive slot keeps all WAL from its position on, and dead rows from its transaction on.
-- https://www.postgresql.org/docs/current/view-pg-replication-slots.html
--
-- min-version: 15
-- column: slot                 text     Its name
-- column: kind                 text     physical or logical
-- column: database             text     The database of a logical one
-- column: active               boolean  Whether somebody is connected to it
-- column: temporary            boolean  Whether it goes with its session
-- column: retained             bytes    WAL that it keeps; null when it never reserved any
-- column: wal_status           text     reserved, extended, unreserved or lost
-- column: xmin_age             bigint   Transactions that its xmin or catalog_xmin holds back; null for none
-- column: catalog_only         boolean  Whether it holds back the rows of catalogs alone
-- column: inactive_seconds     double   Seconds since it became inactive; null before 17
-- column: invalidation_reason  text     Why it cannot be used any more; null before 17
select
    slot_name::text as slot,
    slot_type as kind,
    database::text as database,
    active,
    temporary,
    pg_wal_lsn_diff(
        case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn
    )::bigint as retained,
    wal_status,
    greatest(age(xmin), age(catalog_xmin))::bigint as xmin_age,
    xmin is null as catalog_only,
    null::float8 as inactive_seconds,
    null::text as invalidation_reason
from pg_replication_slots
