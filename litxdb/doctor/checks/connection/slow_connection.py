"""Connecting takes long

Every process that starts, every retry and every request without a pool pays this time, and short time-outs turn it into
an outage. The usual causes are the name server, the way there, a server with no time to start a process, and at Neon a
compute that was asleep: it wakes in some hundred milliseconds, which is reported as such. `litxdb ping` shows which
part it is. https://neon.com/docs/connect/connection-latency
"""

from __future__ import annotations

from litxdb.doctor.amounts import age
from litxdb.doctor.check import Context, Declaration, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status

WARN_SECONDS = 1.0
WOKEN_SECONDS = 60.0
"""A server that started so shortly before may have been started by our coming."""

CHECK = Declaration(
    threshold="more than 1 s warn; info if the server had started within the last minute",
    remedy="litxdb ping",
    fix=Fix.MANUAL,
    lock="none",
    triage=True,
)


def judge(*, context: Context, server: Server) -> Judgement:
    seconds = context.connect_seconds or 0.0
    if seconds <= WARN_SECONDS:
        return Judgement(1)
    endpoint, up = str(context.db.endpoint), (server.now - server.started).total_seconds()
    if up < WOKEN_SECONDS + seconds:
        measured = f"{age(seconds)}, with a server that started {age(up)} ago: LITXDB_CONNECT_TIMEOUT has to cover that"
        return Judgement(1, (Defect(Status.INFO, endpoint, measured, value=seconds),))
    return Judgement(1, (Defect(Status.WARN, endpoint, age(seconds), value=seconds),))
