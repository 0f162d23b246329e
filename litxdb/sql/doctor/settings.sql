-- The server's settings, as this session has them
--
-- Those kept from this role (config_file, hba_file, shared_preload_libraries…) are left out unless it has
-- pg_read_all_settings. `reset_val` is what a session of this role starts with.
--
-- min-version: 15
-- column: name             text       The setting
-- column: setting          text       Its value, a number in units of `unit`
-- column: unit             text       kB, 8kB, MB, ms, s, min…; null for none
-- column: context          text       What a change takes: postmaster, sighup, superuser, user…
-- column: source           text       Where the value is from: default, configuration file, database, user…
-- column: boot_val         text       The value that the server has without any configuration
-- column: reset_val        text       The value that RESET brings back
-- column: pending_restart  boolean    Whether the configuration has another value, which waits for a restart
select
    name,
    setting,
    unit,
    context,
    source,
    boot_val,
    reset_val,
    pending_restart
from pg_settings
