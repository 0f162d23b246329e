-- Connections, by who has them and what they do
--
-- The limit is what is left for ordinary roles: max_connections without the reserved ones.
-- https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-MAX-CONNECTIONS
--
-- min-version: 15
-- needs: pg_read_all_stats
-- column: database       text     The database
-- column: role           text     The role
-- column: application    text     application_name
-- column: state          text     active, idle, idle in transaction…; null when not visible
-- column: connections    count    How many
-- column: limit_percent  percent  How much of the limit that takes
-- column: oldest_seconds seconds  For how long one of them has been in this state
select
    a.datname::text as database,
    a.usename::text as role,
    nullif(a.application_name, '') as application,
    a.state,
    count(*) as connections,
    (100.0 * count(*) / greatest(1, current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0)))::float8 as limit_percent,
    max(extract(epoch from clock_timestamp() - a.state_change))::float8 as oldest_seconds
from pg_stat_activity a
where coalesce(a.backend_type, 'client backend') = 'client backend' and a.usename is not null and a.pid <> pg_backend_pid()
group by 1, 2, 3, 4
order by 5 desc, 1, 2, 3, 4
