"""A backup that should have been made is missing

The intervals between the backups tell how often they are made, and the last one is further back than that: cron no
longer runs, or the machine was down. The objective may still be kept today. `litxdb backup --schedule` prints the lines
for cron and systemd.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from litxdb.doctor.amounts import age
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.doctor.stored import require_backups, seconds_since

COMPARED, LEAST = 8, 4
LATE, GRACE_SECONDS = 1.5, 900

CHECK = Declaration(
    threshold="1.5 times the usual interval (median of the last 7) and 15 min warn (our own)",
    remedy="litxdb backup",
    fix=Fix.ASKS,
    lock="ACCESS SHARE",
)


def judge(*, context: Context) -> Judgement:
    backups = require_backups(context).backups[:COMPARED]
    if len(backups) < LEAST:
        raise Skip(Reason.NOTHING_THERE, f"Fewer than {LEAST} backups tell no schedule.")
    times = [backup.manifest.started_at for backup in backups]
    usual = median((later - earlier).total_seconds() for later, earlier in pairwise(times))
    late = seconds_since(times[0])
    if late <= LATE * usual + GRACE_SECONDS:
        return Judgement(len(backups), detail=f"One every {age(usual)}.")
    measured = f"the last began {age(late)} ago, usually one begins every {age(usual)}"
    return Judgement(
        len(backups), (Defect(Status.WARN, context.db.direct_endpoint.dbname, measured, value=late / usual),)
    )
