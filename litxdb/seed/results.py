"""What seeding a world returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Loaded:
    """A table's rows that were written, or were there already; `seconds` is None where nothing was timed."""

    table: str
    inserted: int
    kept: int
    seconds: float | None = None


@dataclass(frozen=True)
class Filled:
    """A world in a database: its recipe, and the rows of each table.

    `gone` counts seeded rows that somebody has deleted since; they do not come back by seeding again.
    """

    users: int
    seed: str
    now: datetime
    tables: tuple[Loaded, ...]
    gone: int = 0


@dataclass(frozen=True)
class Removed:
    """A table's seeded rows that were deleted."""

    table: str
    deleted: int
