-- Settings that differ from PostgreSQL's defaults, and those that wait for a restart
--
-- https://www.postgresql.org/docs/current/view-pg-settings.html
--
-- min-version: 15
-- needs: pg_read_all_settings
-- column: setting          text     Its name
-- column: value            text     Its value, with the unit
-- column: default          text     What it would be otherwise
-- column: source           text     Where the value is from
-- column: restart_pending  boolean  Whether a changed value waits for a restart
-- column: meaning          text     What it is for
select
    s.name as setting,
    current_setting(s.name, true) as value,
    s.boot_val || coalesce(' ' || case when s.boot_val ~ '^[0-9]' then s.unit end, '') as "default",
    s.source || coalesce(' ' || s.sourcefile || ':' || s.sourceline, '') as source,
    s.pending_restart as restart_pending,
    s.short_desc as meaning
from pg_settings s
where
    (s.source not in ('default', 'override', 'session', 'client') and s.setting is distinct from s.boot_val)
    or s.pending_restart
order by 5 desc, 1
