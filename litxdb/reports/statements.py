"""The statements that pg_stat_statements has counted."""

from __future__ import annotations

import enum
from typing import Any

from litxdb import queries
from litxdb.errors import ServerRefused
from litxdb.queries import Column
from litxdb.reading import Reader
from litxdb.reports.asking import Found

ALL = 100_000
"""More statements than pg_stat_statements ever has."""


class Sort(enum.StrEnum):
    """What statements are ordered by, the largest first."""

    TOTAL = "total"
    MEAN = "mean"
    MAX = "max"
    CALLS = "calls"
    ROWS = "rows"


COLUMNS = queries.find("statements", "top").columns


def read_statements(
    reader: Reader, sort: Sort, *, least_mean_ms: float = 0, queryid: int = 0, most: int = ALL
) -> Found:
    """Read the statements of this database, or the one of a queryid, without litxdb's own.

    Raises ToolMissing without the extension, and ServerRefused when it is not loaded or the role sees nothing.
    """
    (coverage,) = _ask(reader, "coverage")
    rows = _ask(reader, "top", sort=str(sort), least_mean_ms=least_mean_ms, queryid=queryid, most=most)
    hidden, visible = coverage["hidden"], coverage["visible"]
    grant = f"grant pg_read_all_stats to {reader.role}"
    if hidden and not rows and not visible:
        raise ServerRefused(f"Role {reader.role} may not see other roles' statements.", f"Run: {grant}")
    notes: list[str] = []
    if hidden:
        notes.append(f"{hidden} statements of other roles are hidden from {reader.role}: {grant}")
    if coverage["forgotten"]:
        times = coverage["forgotten"]
        notes.append(f"The rarest statements were forgotten {times} times: raise pg_stat_statements.max.")
    return Found(rows, visible, hidden, tuple(notes), coverage["counted_seconds"])


def _ask(reader: Reader, name: str, **parameters: object) -> list[dict[str, Any]]:
    import psycopg2

    try:
        return reader.ask("statements", name, **parameters)
    except psycopg2.errors.ObjectNotInPrerequisiteState as error:
        raise ServerRefused(
            "pg_stat_statements is created in this database, but the server has not loaded it.",
            "Add it to shared_preload_libraries, and restart the server.",
        ) from error


def columns(*names: str) -> tuple[Column, ...]:
    """Return some of the columns, in this order."""
    known = {column.name: column for column in COLUMNS}
    return tuple(known[name] for name in names)
