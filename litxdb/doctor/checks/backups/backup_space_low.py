"""The backup store is filling up

A backup that finds no room fails, in the night. There should be room for twice the last one: databases grow, and the
old one is removed only when the new one is whole. `litxdb prune` removes what the rules no longer keep.
"""

from __future__ import annotations

from litxdb.doctor.amounts import size
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.doctor.stored import require_backups

WARN, CRIT = 2, 1

CHECK = Declaration(
    threshold="less than twice the last backup free warn, less than once crit",
    remedy="litxdb prune --keep-daily 7 --keep-weekly 5 --keep-monthly 12",
    fix=Fix.ASKS,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    found = require_backups(context)
    if found.free_bytes is None:
        raise Skip(Reason.NOT_APPLICABLE, "The store does not say how much room it has.")
    last = max(1, found.backups[0].manifest.archive.bytes)
    if found.free_bytes >= WARN * last:
        return Judgement(1)
    level = Status.CRIT if found.free_bytes < CRIT * last else Status.WARN
    measured = f"{size(found.free_bytes)} free, the last backup has {size(last)}"
    place = context.db.settings.backup_store or ""
    return Judgement(1, (Defect(level, place, measured, value=found.free_bytes / last),))
