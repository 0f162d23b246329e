"""What a report in computed/ may ask for, and what it gives back."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from litxdb import catalog, snapshots
from litxdb.database import Database
from litxdb.reading import Reader

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


@dataclass(frozen=True)
class Found:
    """The answer of a report in computed/; its fields are those of Report."""

    rows: Sequence[Mapping[str, Any]]
    examined: int
    unseen: int = 0
    notes: tuple[str, ...] = ()
    window_seconds: float | None = None


@dataclass
class Asking:
    """One run: the reader, the database, and what more than one report needs."""

    db: Database
    reader: Reader
    seconds: float
    _start: float = field(default_factory=time.monotonic)

    @property
    def connection(self) -> Connection:
        """The reader's connection."""
        return self.reader.connection

    @property
    def seconds_left(self) -> float:
        """How long the run may still take."""
        return max(0.0, self._start + self.seconds - time.monotonic())

    @cached_property
    def indexes(self) -> list[catalog.Index]:
        """All indexes."""
        return catalog.read_indexes(self.connection)

    @cached_property
    def history(self) -> snapshots.History:
        """The snapshots of this database."""
        return snapshots.history(self.db, self.connection)
