-- The role, the database's extensions, and for how long the statistics have counted
--
-- One row. `privileges` are those predefined roles that let one see more than one's own. A reset of the database moves
-- stats_reset; a crash, and a suspend at Neon, loses all counters and does not: but the shared statistics then begin
-- anew, which survive a restart. https://www.postgresql.org/docs/current/predefined-roles.html
--
-- min-version: 15
-- column: role             text     The role that asks, quoted
-- column: privileges       json     Names of predefined roles whose privileges the role has
-- column: extensions       json     Name, version and schema of each extension of the database
-- column: counted_seconds  float    How long ago the counters were last lost or reset
select
    quote_ident(current_user) as role,
    (
        select coalesce(json_agg(r.rolname), '[]')
        from pg_roles r
        where
            r.rolname in ('pg_read_all_stats', 'pg_read_all_settings', 'pg_read_all_data')
            and pg_has_role(current_user, r.oid, 'usage')
    ) as privileges,
    (
        select coalesce(json_agg(json_build_array(e.extname, e.extversion, n.nspname)), '[]')
        from pg_extension e
        join pg_namespace n on n.oid = e.extnamespace
    ) as extensions,
    extract(epoch from clock_timestamp() - greatest(
        (select d.stats_reset from pg_stat_database d where d.datname = current_database()),
        (
            select least(a.stats_reset, b.stats_reset, w.stats_reset)
            from pg_stat_archiver a
            cross join pg_stat_bgwriter b
            cross join pg_stat_wal w
        )
    ))::float8 as counted_seconds
