"""Updates that write every index of the table

An update of columns that no index has, with room on the row's page, touches no index (HOT); any other writes a new
entry into each index and leaves rows for VACUUM. Where most updates found no room, a lower fillfactor leaves some; else
they change a column that an index has, and perhaps the index is not worth that.
https://www.postgresql.org/docs/current/storage-hot.html
"""

from __future__ import annotations

from typing import Any

from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status

UPDATES = 10_000
HOT_SHARE, MOVED_SHARE = 0.5, 0.2
FILLFACTOR = 80

CHECK = Declaration(
    threshold="under 50 % of 10,000 updates HOT (pgbot), or 20 % without room on the page (ruby-pg-extras) info",
    remedy="litxdb report index-usage",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE",
    needs=("primary", "window"),
)


def judge(*, tables: Rows) -> Judgement:
    busy = [table for table in tables if table.updates >= UPDATES]
    return Judgement(
        len(busy),
        tuple(
            _defect(table)
            for table in busy
            if table.hot_updates < HOT_SHARE * table.updates
            or (table.moved_updates or 0) >= MOVED_SHARE * table.updates
        ),
        detail="No table has had 10,000 updates.",
    )


def _defect(table: Any) -> Defect:
    share = table.hot_updates / table.updates
    measured = f"{share:.0%} of {table.updates:,} updates are HOT"
    if table.moved_updates is not None:
        measured += f", {table.moved_updates / table.updates:.0%} found no room on the page"
    fillfactor = dict(option.split("=", 1) for option in table.options).get("fillfactor")
    crowded = table.moved_updates is None or table.moved_updates >= MOVED_SHARE * table.updates
    if not crowded or int(fillfactor or 100) <= FILLFACTOR:
        return Defect(Status.INFO, table.table, measured, fix=Fix.MANUAL, value=share)
    alter = f"alter table {table.table}"
    undo = f"set (fillfactor = {fillfactor})" if fillfactor else "reset (fillfactor)"
    remedy = f"{alter} set (fillfactor = {FILLFACTOR})"
    return Defect(Status.INFO, table.table, measured, remedy, undo=f"{alter} {undo}", value=share)
