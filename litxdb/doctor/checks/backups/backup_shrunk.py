"""The newest backup is much smaller than those before

Either data was removed on purpose, or a part of it is no longer backed up: another database, an empty one, a role that
sees less. Compare the tables of both before the older ones expire.
"""

from __future__ import annotations

from statistics import median

from litxdb.doctor.amounts import size
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.doctor.stored import require_backups

COMPARED, LEAST = 7, 3
WARN = 0.5

CHECK = Declaration(
    threshold="half the median size of the 7 before warn; no rows where there were some crit",
    remedy="litxdb backups",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    newest, *others = [backup.manifest for backup in require_backups(context).backups[: COMPARED + 1]]
    if len(others) < LEAST:
        raise Skip(Reason.NOTHING_THERE, f"There are fewer than {LEAST} older backups to compare with.")
    usual, rows = median(each.archive.bytes for each in others), median(each.contents.rows for each in others)
    share = newest.archive.bytes / usual
    emptied = rows > 0 and newest.contents.rows == 0
    if share > WARN and not emptied:
        return Judgement(1 + len(others))
    what = f"{size(newest.archive.bytes)}, usually {size(usual)}"
    measured = f"no rows, usually {rows:,.0f}; {what}" if emptied else what
    level = Status.CRIT if emptied else Status.WARN
    return Judgement(1 + len(others), (Defect(level, newest.name, measured, value=share),))
