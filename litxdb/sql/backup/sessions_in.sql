-- Who is connected to a database
--
-- Without the session that asks. What another role's session does is null unless the role may see it.
--
-- min-version: 15
-- param: database = ''
-- column: pid          integer  The session's process
-- column: role         text     Its role
-- column: application  text     What it calls itself
-- column: client       text     Its address; null for a socket
-- column: state        text     active, idle…
select
    pid,
    usename::text as role,
    application_name as application,
    host(client_addr) as client,
    state
from pg_stat_activity
where datname = cast(:database as text) and pid <> pg_backend_pid() and backend_type is distinct from 'autovacuum worker'
order by pid
