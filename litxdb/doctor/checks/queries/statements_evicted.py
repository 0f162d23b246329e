"""pg_stat_statements forgets statements before anybody looks

It has room for pg_stat_statements.max different statements, and when that is used up it forgets the twentieth part that
runs most rarely. When all of them are replaced within two days, slow statements are lost among ones that differ by a
number of parameters: mostly lists of different lengths, or values written into the text. Write `= any($1)` in their
place, or make room. https://www.postgresql.org/docs/current/pgstatstatements.html
"""

from __future__ import annotations

from litxdb.doctor.amounts import age
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.configuration import by_name, number
from litxdb.doctor.needs import COLD_SECONDS
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

WARN_SECONDS = 48 * 3600
PART = 0.05
"""What is forgotten at once: USAGE_DEALLOC_PERCENT of pg_stat_statements.c."""
MAX = "pg_stat_statements.max"

CHECK = Declaration(
    threshold="all replaced within 48 h warn (pgdoctor)",
    remedy=f"alter system set {MAX} = 10000;\n-- and restart the server",
    fix=Fix.MANUAL,
    lock="none",
    needs=("extension pg_stat_statements", "self-managed"),
)


def judge(*, coverage: Rows, settings: Rows) -> Judgement:
    (row,) = coverage
    if row.counted_seconds < COLD_SECONDS:
        raise Skip(Reason.COLD_STATISTICS, f"It has counted for only {age(row.counted_seconds)}; 15 min are needed.")
    if not row.forgotten:
        return Judgement(1)
    seconds = row.counted_seconds / (row.forgotten * PART)
    if seconds >= WARN_SECONDS:
        return Judgement(1)
    room = number(by_name(settings)[MAX])
    measured = f"all {room:,} are replaced every {age(seconds)}"
    remedy, undo = (f"alter system set {MAX} = {most};\n-- and restart the server" for most in (room * 2, room))
    return Judgement(1, (Defect(Status.WARN, MAX, measured, remedy, undo=undo, value=seconds),))
