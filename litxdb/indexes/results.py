"""What the work on indexes takes and returns, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Definition:
    """An index that is wanted: `target` is what follows the table in CREATE INDEX; `reason` is why LitXplore wants it.

    One of LitXplore's is spelled as PostgreSQL prints it.
    """

    name: str
    table: str
    target: str
    reason: str | None = None
    unique: bool = False


@dataclass(frozen=True)
class IndexRow:
    """An index that is there or wanted; numbers are None where they are unknown, `last_used` before PostgreSQL 16.

    `status` is invalid, building, missing, different, redundant or present; `detail` says more of the first five.
    """

    status: str
    index: str
    table: str
    reason: str | None
    wanted: bool
    bytes: int | None = None
    scans: int | None = None
    last_used: datetime | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Listing:
    """The indexes of a database; scans are counted since `since`.

    `awaited` are those of LitXplore's whose tables a later migration makes.
    """

    since: datetime | None
    awaited: tuple[str, ...]
    rows: tuple[IndexRow, ...]

    @property
    def complete(self) -> bool:
        """Whether each index that LitXplore wants is there as it should be, and none is INVALID."""
        return not any(row.status == "invalid" or (row.wanted and row.status in WRONG) for row in self.rows)


WRONG = frozenset({"building", "missing", "different"})


@dataclass(frozen=True)
class Patience:
    """How long to wait for others.

    `lock_timeout_seconds` is for one lock or transaction in the way; the statement is then begun anew, `attempts` times
    in all. `wait_seconds` is for another build on the same table.
    """

    lock_timeout_seconds: float = 600
    attempts: int = 3
    wait_seconds: float = 60


@dataclass(frozen=True)
class Phase:
    """What PostgreSQL is doing to build an index, and how much of that is done."""

    index: str
    phase: str
    fraction: float | None


@dataclass(frozen=True)
class Means:
    """What a build may use: None leaves the server's own setting. `memory_bytes` becomes maintenance_work_mem."""

    memory_bytes: int | None = None
    workers: int | None = None


@dataclass(frozen=True)
class Graph:
    """The graph of an HNSW index while it is built: the memory it needs, and how many rows fit into what is allowed."""

    rows: int
    bytes_per_row: int
    bytes: int
    allowed_bytes: int
    fitting_rows: int

    @property
    def fits(self) -> bool:
        """Whether the whole build happens in memory."""
        return self.fitting_rows >= self.rows


@dataclass(frozen=True)
class PlannedIndex:
    """What building an index would do: sizes in bytes are estimates, None where nobody can tell."""

    index: str
    table: str
    status: str
    statements: tuple[str, ...]
    lock: str
    rows: int | None = None
    bytes: int | None = None
    reads_bytes: int | None = None
    basis: str | None = None
    memory_bytes: int | None = None
    workers: int | None = None
    graph: Graph | None = None
    warning: str | None = None


@dataclass(frozen=True)
class Done:
    """What became of an index: `outcome` is built, present, rebuilt, dropped, or planned where nothing was done.

    `attempts` counts how often it was begun, `undo` is the statement that takes it back.
    """

    index: str
    table: str
    outcome: str
    statements: tuple[str, ...] = ()
    milliseconds: float | None = None
    bytes: int | None = None
    bytes_before: int | None = None
    attempts: int = 1
    undo: str | None = None


@dataclass(frozen=True)
class Usage:
    """An index that somebody wants to drop: what it is used for, since when that was counted, and how to undo it."""

    index: str
    table: str
    definition: str
    bytes: int | None
    scans: int | None
    tuples_read: int | None
    last_used: datetime | None
    since: datetime | None
    reason: str | None
    undo: str
