"""The present sizes of tables, measured as the snapshots measure them, so that both can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from litxdb.reading import Reader
from litxdb.snapshots.parts import TABLES
from litxdb.snapshots.results import TableFigures

ALL = 2**31 - 1


@dataclass(frozen=True)
class Table:
    """A table or materialized view; the name is quoted and has its schema.

    `is_measured` is False where its size is that of the last VACUUM or ANALYZE, because somebody locks it. The counters
    in `figures` are the server's own, not totals.
    """

    oid: int
    name: str
    is_measured: bool
    figures: TableFigures

    @property
    def total_bytes(self) -> int:
        """Heap, TOAST and indexes together."""
        return self.figures.total_bytes


def read_tables(reader: Reader) -> list[Table]:
    """Read all tables, the largest heap first; waits for no lock."""
    import psycopg2

    try:
        rows = reader.ask("snapshots", TABLES.name, measured=ALL, most=ALL)
    except psycopg2.errors.LockNotAvailable:  # somebody was quicker than the look at pg_locks
        rows = reader.ask("snapshots", TABLES.name, measured=0, most=ALL)
    figures = TABLES.rows(rows)
    return [
        Table(row["oid"], row["table"], row["is_measured"], TableFigures._make((*figures[row["oid"]], 0.0, 0.0)))
        for row in rows
    ]
