"""WAL cannot be archived

Until the archive has a file the server keeps it, and everything after it: the disk fills, and a restore to a moment
ends before it. The server's log has what archive_command or archive_library said; once they work again the server
catches up by itself. https://www.postgresql.org/docs/current/continuous-archiving.html
"""

from __future__ import annotations

from litxdb.doctor.amounts import age, many
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.configuration import by_name
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

CHECK = Declaration(
    threshold="a failure after the last success crit; on, but not configured warn",
    remedy="show archive_command",
    fix=Fix.MANUAL,
    lock="none",
    needs=("self-managed",),
    triage=True,
)


def judge(*, archiver: Rows, settings: Rows) -> Judgement:
    known = by_name(settings)
    if known["archive_mode"].setting == "off":
        raise Skip(Reason.NOT_APPLICABLE, "archive_mode is off.")
    way = "archive_library" if known["archive_library"].setting else "archive_command"
    if not known[way].setting:
        measured = "archive_mode is on, and nothing is configured to archive with"
        return Judgement(1, (Defect(Status.WARN, "archiver", measured, f"show {way}"),))
    (row,) = archiver
    if row.failed_seconds is None or (row.archived_seconds is not None and row.archived_seconds < row.failed_seconds):
        return Judgement(1)
    since = "it never succeeded" if row.archived_seconds is None else f"last success {age(row.archived_seconds)} ago"
    measured = f"{row.failed_file} failed {age(row.failed_seconds)} ago, {many(row.failed, 'failure')}, {since}"
    return Judgement(1, (Defect(Status.CRIT, "archiver", measured, f"show {way}", value=row.failed_seconds),))
