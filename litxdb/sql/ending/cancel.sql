-- Cancel what a session is doing
--
-- One row, or none when the session has ended, or its number is another's by now. Needs the session's role, or
-- pg_signal_backend; a superuser's session needs a superuser.
-- https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SIGNAL
--
-- min-version: 15
-- param: pid = 0
-- param: started_at = now
-- column: signalled  boolean  Whether the signal could be sent
select pg_cancel_backend(a.pid) as signalled
from pg_stat_activity a
where a.pid = :pid and a.backend_start is not distinct from :started_at
