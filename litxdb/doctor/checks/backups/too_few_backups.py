"""Everything hangs on one backup

When it is damaged, or what one needs was gone already when it was made, there is no other. Keep several, over some
weeks: mistakes are found out late. https://www.postgresql.org/docs/current/backup.html
"""

from __future__ import annotations

from litxdb.doctor.amounts import age, many
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.stored import require_backups, seconds_since

LEAST = 3
YOUNG_SECONDS = 3 * 86400
"""So long after the first backup there can be no more of them."""

CHECK = Declaration(
    threshold="fewer than 3 that are not known to be bad, 3 days after the first, warn (our own)",
    remedy="litxdb backup",
    fix=Fix.ASKS,
    lock="ACCESS SHARE",
)


def judge(*, context: Context) -> Judgement:
    backups = require_backups(context).backups
    good = [backup for backup in backups if backup.verified is not False]
    first = seconds_since(backups[-1].manifest.snapshot_at)
    if len(good) >= LEAST or first < YOUNG_SECONDS:
        return Judgement(len(backups))
    measured = f"{many(len(good), 'backup')}; the first was made {age(first)} ago"
    name = context.db.direct_endpoint.dbname
    return Judgement(len(backups), (Defect(Status.WARN, name, measured, value=float(len(good))),))
