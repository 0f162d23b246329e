-- The server, the role, and how long statistics have been collected
--
-- One row. An extension is available when its files are installed on the server. A reset of the database moves
-- stats_reset; a crash, and a suspend at Neon, loses all counters and does not: but the shared statistics then begin
-- anew, which survive a restart.
--
-- min-version: 15
-- column: version          integer    server_version_num
-- column: version_text     text       server_version
-- column: now              timestamp  The server's clock
-- column: started          timestamp  When the server started
-- column: stats_reset      timestamp  When the database's statistics were last reset; null for never
-- column: counted_since    timestamp  When they were last lost or reset
-- column: in_recovery      boolean    Whether it is a standby
-- column: database         text       The database
-- column: role             text       The role that asks
-- column: superuser        boolean    Whether the role is a superuser
-- column: reads_all_stats  boolean    Whether the role sees other roles' sessions and statements
-- column: reads_all_data   boolean    Whether the role may read every table
-- column: neon             boolean    Whether this is Neon
-- column: pid              integer    The backend of this connection
-- column: extensions       json       Created extensions: name to version and schema
-- column: available        json       Available extensions: name to default version
select
    current_setting('server_version_num')::int as version,
    current_setting('server_version') as version_text,
    clock_timestamp() as now,
    pg_postmaster_start_time() as started,
    (select stats_reset from pg_stat_database where datname = current_database()) as stats_reset,
    coalesce(greatest(
        (select stats_reset from pg_stat_database where datname = current_database()),
        (
            select least(a.stats_reset, b.stats_reset, w.stats_reset)
            from pg_stat_archiver a
            cross join pg_stat_bgwriter b
            cross join pg_stat_wal w
        )
    ), pg_postmaster_start_time()) as counted_since,
    pg_is_in_recovery() as in_recovery,
    current_database()::text as database,
    current_user::text as role,
    (select rolsuper from pg_roles where rolname = current_user) as superuser,
    pg_has_role(current_user, 'pg_read_all_stats', 'usage') as reads_all_stats,
    pg_has_role(current_user, 'pg_read_all_data', 'usage') as reads_all_data,
    -- the second knows a setting that was set without its library, too, which pg_settings does not show
    exists (select from pg_settings where name like 'neon.%')
    or current_setting('neon.timeline_id', true) is not null as neon,
    pg_backend_pid() as pid,
    (
        select coalesce(json_object_agg(e.extname, json_build_array(e.extversion, n.nspname)), '{}')
        from pg_extension e
        join pg_namespace n on n.oid = e.extnamespace
    ) as extensions,
    (
        select coalesce(json_object_agg(a.name, a.default_version), '{}')
        from pg_available_extensions a
    ) as available
