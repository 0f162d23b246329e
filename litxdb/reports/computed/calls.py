"""The statements that ran most often

Many of them together are what a connection pool and a cache spare the server.
https://www.postgresql.org/docs/current/pgstatstatements.html
"""

from __future__ import annotations

from litxdb.reports.asking import Asking, Found
from litxdb.reports.statements import Sort, columns, read_statements

COLUMNS = columns("calls", "total_ms", "share_percent", "mean_ms", "rows", "role", "queryid", "query")


def read(asking: Asking) -> Found:
    """Order the statements by their number of calls."""
    return read_statements(asking.reader, Sort.CALLS)
