"""What `--debug` shows of the SQL: each statement as it was sent, and its time, through standard logging."""

from __future__ import annotations

import logging
import time
from typing import Any

from litxdb.database.bounded import BoundedCursor

logger = logging.getLogger("litxdb.sql")


class LoggingCursor(BoundedCursor):
    """A cursor that logs its statements, without their parameters: those may be personal data."""

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002  (psycopg2's own name)
        """Run the statement and log it with its milliseconds, also when it fails."""
        start = time.perf_counter()
        try:
            super().execute(query, vars)
        finally:
            text = query.decode(errors="replace") if isinstance(query, bytes) else str(query)
            logger.debug("%.1f ms  %s", (time.perf_counter() - start) * 1000, " ".join(text.split()))
