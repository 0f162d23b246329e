"""Rows that LitXplore expects in every database are not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.results import Finding
from litxdb.seed.baseline import FETCHERS, STATE

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def check(db: Database, connection: Connection, directory: Path | None) -> Iterator[Finding]:
    """Look for the baseline's settings and fetchers; the default user is the operator's to keep or delete."""
    with connection.cursor() as cursor:
        for table, column, wanted in (("system_state", "key", tuple(STATE)), ("fetcher_state", "fetcher", FETCHERS)):
            cursor.execute("select to_regclass(%s) is not null", [table])
            exists = (cursor.fetchone() or (False,))[0]
            found = set()
            if exists:
                cursor.execute(f"select {column} from {table} where {column} = any(%s)", [list(wanted)])  # noqa: S608
                found = {row[0] for row in cursor.fetchall()}
            for name in sorted(set(wanted) - found):
                yield Finding(
                    check="baseline_missing",
                    level="warn",
                    object=f"{table}.{name}",
                    measured="no such row",
                    title="A row that LitXplore expects is missing",
                    remedy="litxdb seed",
                )
