"""What snapshots keep of each thing, and what taking one returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from litxdb.errors import Exit, LitxdbError


class HistoryUnusable(LitxdbError):
    """The file of the snapshots cannot be used: damaged, somebody else's, newer than this litxdb, or not writable."""

    code = Exit.CONFIGURATION


class DatabaseFigures(NamedTuple):
    """The database as a whole; from `commits` on totals, whatever was reset in between."""

    bytes: int | None
    connections: int
    connection_limit: int
    commits: int
    rollbacks: int
    blocks_read: int
    blocks_hit: int
    rows_returned: int
    rows_fetched: int
    rows_inserted: int
    rows_updated: int
    rows_deleted: int
    conflicts: int
    temp_files: int
    temp_bytes: int
    deadlocks: int
    sessions: int


class TableFigures(NamedTuple):
    """A table; from `scans` to `hot_updates` totals. `seen_at` is when a snapshot saw it first, since 1970."""

    bytes: int
    toast_bytes: int
    index_bytes: int
    rows: int | None
    dead_rows: int | None
    scans: int
    scanned_rows: int
    index_scans: int
    rows_inserted: int
    rows_updated: int
    rows_deleted: int
    hot_updates: int
    seen_at: float
    observed_before: float

    @property
    def total_bytes(self) -> int:
        """Heap, TOAST and indexes together."""
        return self.bytes + self.toast_bytes + self.index_bytes


class IndexFigures(NamedTuple):
    """An index; `scans` is a total, `used_at` its last known use in seconds since 1970.

    `observed_before` are the observed seconds (see Snapshot) from before it was first seen.
    """

    bytes: int
    scans: int
    used_at: float | None
    seen_at: float
    observed_before: float


class SequenceFigures(NamedTuple):
    """A sequence; the last value is None before the first."""

    last_value: int | None
    seen_at: float
    observed_before: float


class StatementFigures(NamedTuple):
    """A statement of pg_stat_statements, by queryid; the times are of execution, all three are totals."""

    calls: int
    total_ms: float
    rows: int
    seen_at: float
    observed_before: float


@dataclass(frozen=True)
class Taken:
    """What `take` did: `taken_at` is None when nothing was stored, and `trouble` says why.

    `missing` names the parts that could not be read, each with the reason; `count` and `bytes` are those of the file
    now, `thinned` the older snapshots that made room.
    """

    taken_at: datetime | None
    file: Path | None = None
    missing: dict[str, str] | None = None
    count: int = 0
    bytes: int = 0
    thinned: int = 0
    tables: int = 0
    indexes: int = 0
    sequences: int = 0
    statements: int = 0
    trouble: HistoryUnusable | None = None
