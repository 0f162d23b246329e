"""What seeding a world returns."""

from __future__ import annotations

from collections.abc import Mapping
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


@dataclass(frozen=True)
class Copied:
    """A table's rows that were copied, and its columns that hold masks."""

    table: str
    rows: int
    masked: tuple[str, ...]


@dataclass(frozen=True)
class Subset:
    """Some people of a backup: how many were chosen, each table's rows, and the tables left out, with the reason."""

    people: int
    tables: tuple[Copied, ...]
    left_out: Mapping[str, str]
