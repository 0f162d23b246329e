"""The database does not answer

Without a connection nothing else can be examined, and no service works. `litxdb ping` takes the connection apart: name,
TCP, TLS, log-in, query. All connections taken (too many clients already) ends here too: a superuser still gets in, for
whom superuser_reserved_connections are kept, and can end the sessions that do nothing. Then find out who opens so many;
a pooler, or smaller pools, is the cure, and a higher max_connections the way to the next time.
https://www.postgresql.org/docs/current/runtime-config-connection.html
"""

from __future__ import annotations

from litxdb.database.connecting import NotYetConnected
from litxdb.database.failures import Retry
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status

MAKE_ROOM = """\
-- as a superuser, for whom connections are kept
select pg_terminate_backend(pid) from pg_stat_activity
where state = 'idle' and state_change < now() - interval '5 min'"""

CHECK = Declaration(threshold="no connection crit", remedy="litxdb ping", fix=Fix.MANUAL, lock="none", triage=True)


def judge(*, context: Context) -> Judgement:
    if context.failure is None:
        return Judgement(1)
    crowded = isinstance(context.failure, NotYetConnected) and context.failure.retry is Retry.SLOWLY
    said = " ".join(filter(None, (context.failure.message, context.failure.hint)))
    return Judgement(1, (Defect(Status.CRIT, str(context.db.endpoint), said, MAKE_ROOM if crowded else ""),))
