-- How far a standby is behind
--
-- One row, or none on a primary. While nothing is written on the primary `replayed_seconds` grows and means nothing.
-- https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-RECOVERY-INFO-TABLE
--
-- min-version: 15
-- column: received          bytes    WAL received and not replayed; null without streaming
-- column: replayed_seconds  double   Seconds since the last replayed transaction was committed; null for none
-- column: paused            boolean  Whether replay was paused
-- column: streaming         boolean  Whether it is connected to its primary
select
    pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint as received,
    extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::float8 as replayed_seconds,
    pg_is_wal_replay_paused() as paused,
    exists (select from pg_stat_wal_receiver where pid is not null) as streaming
where pg_is_in_recovery()
