"""How tables have grown, by the snapshots

`series` are the sizes at some of the snapshots, the first and the present one among them; `bytes_a_day` goes by all of
them. Sizes are of heap, TOAST and indexes, without the free space maps.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litxdb.queries import Column
from litxdb.reports.asking import Asking, Found
from litxdb.reports.results import NothingKnown
from litxdb.reports.windows import span
from litxdb.snapshots import read_tables

POINTS = 12

COLUMNS = (
    Column("table", "text", "The table, with its schema"),
    Column("bytes", "bytes", "Its size now"),
    Column("grown_bytes", "bytes", "How much larger it is than in the first snapshot that has it"),
    Column("grown_percent", "number", "The same, of its size then"),
    Column("bytes_a_day", "bytes", "How much it grows in a day"),
    Column("series", "series", "Its sizes over time"),
)


def read(asking: Asking) -> Found:
    """Compare the present sizes with the snapshots', what has grown most first."""
    past = asking.history
    if past.trouble:
        raise past.trouble
    if not past.snapshots:
        raise NothingKnown("No snapshot of this database has been taken.", "Run litxdb snapshot now, and again later.")
    points = past.spread(POINTS - 1)
    now = datetime.now(UTC)
    rows: list[dict[str, Any]] = []
    for table in read_tables(asking.reader):
        known = [(each.taken_at, each.tables[table.oid].total_bytes) for each in points if table.oid in each.tables]
        if known:
            (since, before), bytes_now = known[0], table.total_bytes
            rows.append(
                {
                    "table": table.name,
                    "bytes": bytes_now,
                    "grown_bytes": bytes_now - before,
                    "grown_percent": 100 * (bytes_now - before) / before if before else None,
                    "bytes_a_day": round((bytes_now - before) * 86400 / max(1.0, (now - since).total_seconds())),
                    "series": [*(size for _, size in known), bytes_now],
                }
            )
    rows.sort(key=lambda row: (-row["grown_bytes"], -row["bytes"], row["table"]))
    age = span((now - past.snapshots[0].taken_at).total_seconds())
    return Found(rows, len(rows), notes=(f"The first of {len(past)} snapshots was taken {age} ago.",))
