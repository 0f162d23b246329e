"""Statistics cover too short a time

Whatever is judged by counters (unused indexes, cache hits, tables due for vacuum) says nothing about a normal day until
they have been collected for a while. They begin anew when the server crashes, is reset or restored, and at Neon
whenever a compute wakes up, which loses autovacuum's own counters too. litxdb keeps snapshots that outlast this: run
`litxdb snapshot` every hour, from cron. https://neon.com/docs/extensions/pg_stat_statements
"""

from __future__ import annotations

from litxdb.doctor.amounts import age
from litxdb.doctor.check import Context, Declaration, Server
from litxdb.doctor.deployment import require_deployed
from litxdb.doctor.needs import COLD_SECONDS
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CHECK = Declaration(threshold="less than 15 min info (pgbot)", remedy="litxdb snapshot", fix=Fix.SAFE, lock="none")


def judge(*, server: Server, context: Context) -> Judgement:
    require_deployed(context)
    if server.window_seconds >= COLD_SECONDS:
        return Judgement(1)
    lost = "the compute woke up" if server.neon else "the server began with none"
    why = "they were reset" if server.stats_reset == server.counted_since else lost
    measured = f"{why} {age(server.window_seconds)} ago"
    return Judgement(1, (Defect(Status.INFO, server.database, measured, value=server.window_seconds),))
