"""A migration holds its lock for very long

As long as it does no other migration, and no index build by litxdb, can begin. A migration that works is no defect, but
one whose program is gone, or which stands behind a pooler, holds the lock until its session ends. `litxdb locks` shows
what it waits for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.database.advisory import holder
from litxdb.doctor.amounts import age
from litxdb.doctor.check import Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

WARN_SECONDS = 30 * 60

CHECK = Declaration(
    threshold="any holder info, over 30 min warn (our own)",
    remedy="select pg_terminate_backend(PID)",
    fix=Fix.ASKS,
    lock="none",
    triage=True,
)


def judge(*, connection: Connection) -> Judgement:
    from litxdb.migrate.lock import lock_name
    from litxdb.migrate.state import LITXPLORE, version_table

    found = holder(connection, lock_name(version_table(connection, LITXPLORE)))
    if found is None:
        return Judgement(1)
    level = Status.WARN if (found.seconds or 0) > WARN_SECONDS else Status.INFO
    since = f"for {age(found.seconds)} " if found.seconds is not None else ""
    remedy = f"select pg_terminate_backend({found.pid})"
    return Judgement(
        1, (Defect(level, f"pid {found.pid}", f"held {since}by {found.who}", remedy, value=found.seconds),)
    )
