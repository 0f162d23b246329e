"""The last run of a backup failed

Nobody looks at a cron job until its backups are needed. What is there is older than it should be, and gets older with
each run that fails for the same reason.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from litxdb.doctor.amounts import age
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.stored import require_store, seconds_since

if TYPE_CHECKING:
    from litxdb.backup import Attempt

STALE_SECONDS = 86400
"""No run takes that long."""

CHECK = Declaration(
    threshold="one that failed, was killed, or has been under way for a day, since the newest backup, warn",
    remedy="litxdb backup",
    fix=Fix.ASKS,
    lock="ACCESS SHARE",
)


def judge(*, context: Context) -> Judgement:
    found = require_store(context)
    newest = found.backups[0].manifest.started_at if found.backups else None
    later = [attempt for attempt in found.attempts if newest is None or attempt.started_at > newest]
    defects = tuple(
        Defect(Status.WARN, attempt.backup, f"{age(seconds_since(attempt.started_at))} ago: {why}")
        for attempt in later
        if (why := _why(attempt))
    )
    return Judgement(len(found.backups) + len(later), defects)


def _why(attempt: Attempt) -> str | None:
    """Say what became of a run; None if it may still be under way."""
    import psutil

    if attempt.error:
        return attempt.error
    if attempt.host == socket.gethostname() and not psutil.pid_exists(attempt.pid):
        return "it was killed"
    return "it has not ended" if seconds_since(attempt.started_at) > STALE_SECONDS else None
