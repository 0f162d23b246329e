"""Connection slots: how many there are for ordinary roles, and who has them."""

from __future__ import annotations

from collections.abc import Iterable

from litxdb.activity import Session
from litxdb.doctor.check import Rows, Server
from litxdb.doctor.checks.connection._neon import RESERVED_SLOTS
from litxdb.doctor.configuration import by_name, number


def usable(settings: Rows, server: Server) -> int:
    """Return how many connections ordinary roles can have at once.

    `reserved_connections` came with PostgreSQL 16.
    """
    known = by_name(settings)
    names = ("superuser_reserved_connections", "reserved_connections")
    reserved = sum(number(known[name]) for name in names if name in known)
    if server.neon:
        reserved = max(reserved, RESERVED_SLOTS)
    return max(1, number(known["max_connections"]) - reserved)


def clients(sessions: Iterable[Session]) -> list[Session]:
    """Return the sessions that take a slot.

    A role without pg_read_all_stats sees no backend_type but its own: then a session with a role and a database is one.
    """
    return [
        each
        for each in sessions
        if each.role is not None and each.database is not None and each.backend_type in (None, "client backend")
    ]
