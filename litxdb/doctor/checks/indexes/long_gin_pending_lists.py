"""GIN indexes with a long pending list

Rows that were written lately stand in a list beside a GIN index, which every search reads from end to end; full-text
search gets slower with each row, until VACUUM or the writer that finds the list full moves them all at once. A list of
this length means that neither comes. https://www.postgresql.org/docs/current/gin.html#GIN-FAST-UPDATE
"""

from __future__ import annotations

from litxdb.doctor.amounts import many, size
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status

PAGE_BYTES = 8192
BYTES = 32 << 20

CHECK = Declaration(
    threshold="32 MB warn (eight times the default of gin_pending_list_limit)",
    remedy="select gin_clean_pending_list('INDEX')",
    fix=Fix.ASKS,
    lock="ROW EXCLUSIVE on the index",
    needs=("extension pgstattuple", "primary"),
)


def judge(*, gin_pending: Rows) -> Judgement:
    defects = tuple(
        Defect(
            Status.WARN,
            row.index,
            f"{many(row.tuples, 'row')} pending, {size(row.pages * PAGE_BYTES)}",
            f"select gin_clean_pending_list({row.oid}::regclass)",
            value=row.pages * PAGE_BYTES,
        )
        for row in gin_pending
        if row.pages * PAGE_BYTES > BYTES
    )
    return Judgement(len(gin_pending), defects)
