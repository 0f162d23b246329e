"""Hardly any connections are left

When the last slot is taken nobody gets in any more, and every service that needs a new connection fails at once. Slots
are those of the server less the reserved ones, and those that a role or a database may have. Most of them are usually
idle: pools that are too big, or too many processes with a pool each. A pooler lets many clients share few connections.
https://www.postgresql.org/docs/current/runtime-config-connection.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from litxdb.activity import Session
from litxdb.doctor.amounts import many
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.checks.connection._slots import clients, usable
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.quoting import literal

WARN, CRIT = 0.8, 0.9
IDLE = (
    "select pg_terminate_backend(pid) from pg_stat_activity "
    "where state = 'idle' and state_change < now() - interval '10 minutes'"
)

CHECK = Declaration(
    threshold="80 % of the usable slots warn, 90 % crit (check_postgres 90/95, pgbot 85/95, pgdoctor 70/85)",
    remedy=IDLE,
    fix=Fix.ASKS,
    lock="none",
    triage=True,
)


def judge(*, sessions: list[Session], settings: Rows, connection_limits: Rows, server: Server) -> Judgement:
    connected = clients(sessions)
    places = [("server", "", "", usable(settings, server), connected)]
    for row in connection_limits:
        own = [session for session in connected if getattr(session, row.kind) == row.name]
        places.append((f"{row.kind} {row.name}", row.kind, row.name, row.slots, own))
    defects = tuple(_defects(places, server))
    return Judgement(len(places), defects)


def _defects(places: list[tuple[str, str, str, int, list[Session]]], server: Server) -> Iterator[Defect]:
    for name, kind, value, slots, sessions in places:
        share = len(sessions) / slots
        if share >= WARN:
            level = Status.CRIT if share >= CRIT else Status.WARN
            measured = f"{len(sessions)} of {many(slots, 'slot')} ({share:.0%})"
            yield Defect(level, name, f"{measured}, {_most(sessions, server)}", _remedy(kind, value), value=share)


def _most(sessions: list[Session], server: Server) -> str:
    """Say who has most of them, and how many of those do nothing where that can be seen."""
    (role, application), number = Counter((each.role, each.application) for each in sessions).most_common(1)[0]
    said = f"{number} of them {role} with {application or 'no application_name'}"
    if not server.reads_all_stats:
        return said
    return f"{said}; {sum(each.state == 'idle' for each in sessions)} are idle"


def _remedy(kind: str, name: str) -> str:
    column = {"role": "usename", "database": "datname"}.get(kind)
    whose = f" and {column} = {literal(name)}" if column else ""
    return f"{IDLE}{whose}"
