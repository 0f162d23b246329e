"""The statements that take long, each time they run."""

from __future__ import annotations

from litxdb.database import Database
from litxdb.queries import Column
from litxdb.reading import reading
from litxdb.reports.results import Report
from litxdb.reports.statements import ALL, COLUMNS, Sort, read_statements
from litxdb.reports.windows import window_note

SLOW_MS, ALERT_MS = 100.0, 500.0
"""What the services around LitXplore's database call slow on the average, and what they raise an alert for."""


def slow_queries(
    db: Database, *, sort: Sort = Sort.TOTAL, least_mean_ms: float = SLOW_MS, most: int | None = None
) -> Report:
    """List the statements whose mean time is at least so many milliseconds; those over 500 have `alert`.

    Raises ToolMissing without pg_stat_statements, and ServerRefused when the role sees nothing of it.
    """
    with reading(db) as reader:
        found = read_statements(reader, sort, least_mean_ms=least_mean_ms, most=most or ALL)
    rows = [
        {"number": number, "alert": row["mean_ms"] > ALERT_MS, **row} for number, row in enumerate(found.rows, start=1)
    ]
    columns = (
        Column("number", "count", "Its place in this list, for --explain"),
        Column("alert", "alert", f"Whether its mean time is over {ALERT_MS:g} ms"),
        *COLUMNS,
    )
    return Report(
        name="slow-queries",
        title=f"Statements that take {least_mean_ms:g} ms and more on the average",
        about="Times are of planning and executing, in milliseconds.",
        columns=columns,
        rows=tuple(rows),
        examined=found.examined,
        unseen=found.unseen,
        notes=(*found.notes, window_note(found.window_seconds or 0)),
        window_seconds=found.window_seconds,
    )
