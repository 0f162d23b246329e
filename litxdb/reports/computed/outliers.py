"""The statements that took most of the time

What the database did all day, by the sum over all calls: a quick statement that runs a million times is as expensive as
a slow one. https://www.postgresql.org/docs/current/pgstatstatements.html
"""

from __future__ import annotations

from litxdb.reports.asking import Asking, Found
from litxdb.reports.statements import Sort, columns, read_statements

COLUMNS = columns("total_ms", "share_percent", "calls", "mean_ms", "max_ms", "rows", "role", "queryid", "query")


def read(asking: Asking) -> Found:
    """Order the statements by their total time."""
    return read_statements(asking.reader, Sort.TOTAL)
