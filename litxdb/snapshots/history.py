"""Reading snapshots back: what grew, at which rate, since when a thing is known."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from litxdb.database import Database
from litxdb.snapshots.accumulating import Moment
from litxdb.snapshots.parts import DATABASE, INDEXES, SEQUENCES, STATEMENTS, TABLES, Figures, Part, Row
from litxdb.snapshots.results import (
    DatabaseFigures,
    HistoryUnusable,
    IndexFigures,
    SequenceFigures,
    StatementFigures,
    TableFigures,
)
from litxdb.snapshots.store import Store, explained
from litxdb.snapshots.taking import locate, reader_of

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

Answer = TypeVar("Answer")


class Snapshot:
    """One snapshot. Each part is read from the file when it is first asked for; one that is not there is empty.

    `observed_seconds` is how long the counters have been watched up to here, gaps after a reset left out: rates are
    differences of totals over differences of it. A part that cannot be read any more is empty, and the history has
    trouble.
    """

    def __init__(self, history: History, moment: Moment) -> None:
        self._history = history
        self._moment = moment

    @property
    def taken_at(self) -> datetime:
        """When it was taken, by the server's clock."""
        return datetime.fromtimestamp(self._moment.taken_at, UTC)

    @property
    def observed_seconds(self) -> float:
        """For how long the counters were watched."""
        return self._moment.observed

    @cached_property
    def database(self) -> DatabaseFigures | None:
        """The database as a whole; None when it cannot be read any more."""
        return next(iter(self._read(DATABASE).values()), None)

    @cached_property
    def tables(self) -> dict[int, TableFigures]:
        """Tables and materialized views, by oid."""
        return self._read(TABLES)

    @cached_property
    def indexes(self) -> dict[int, IndexFigures]:
        """Indexes, by oid."""
        return self._read(INDEXES)

    @cached_property
    def sequences(self) -> dict[int, SequenceFigures]:
        """The sequences whose value could be read, by oid."""
        return self._read(SEQUENCES)

    @cached_property
    def statements(self) -> dict[int, StatementFigures]:
        """The statements that took most of the time then, by queryid."""
        return self._read(STATEMENTS)

    def _read(self, part: Part[Figures]) -> dict[int, Figures]:
        make: Any = part.figures
        return {key: make(*row) for key, row in self._history.read(self._moment, part).items()}


class History:
    """The snapshots of one database, the oldest first; empty when there is no file, or `trouble` with it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.trouble: HistoryUnusable | None = None

        nothing: tuple[list[Moment], dict[int, str]] = ([], {})

        def ask(store: Store) -> tuple[list[Moment], dict[int, str]]:
            return nothing if store.empty else (store.moments(), store.texts())

        moments, self.texts = self._ask(ask, nothing)
        self.snapshots = tuple(Snapshot(self, moment) for moment in moments)

    def read(self, moment: Moment, part: Part[Any]) -> dict[int, Row]:
        """Read a part of a snapshot; empty where it was not kept, or in trouble."""

        def ask(store: Store) -> dict[int, Row]:
            if moment.taken_at not in {each.taken_at for each in store.moments()}:
                raise HistoryUnusable(f"Another run has just thinned out {self.file}.", "Run it again.")
            return store.totals(moment.taken_at, part)

        return self._ask(ask, {})

    def _ask(self, question: Callable[[Store], Answer], otherwise: Answer) -> Answer:
        """Ask the file, once it is there; trouble with it is kept, and answered by `otherwise`."""
        try:
            with explained(self.file):
                if not self.file.exists():
                    return otherwise
                with contextlib.closing(Store(self.file, create=False)) as store:
                    return question(store)
        except HistoryUnusable as trouble:
            self.trouble = trouble
            return otherwise

    def __len__(self) -> int:
        return len(self.snapshots)

    @property
    def newest(self) -> Snapshot | None:
        """The latest snapshot."""
        return self.snapshots[-1] if self.snapshots else None

    @property
    def oldest(self) -> Snapshot | None:
        """The first snapshot that is left."""
        return self.snapshots[0] if self.snapshots else None

    def before(self, age: timedelta) -> Snapshot | None:
        """Return the newest snapshot that is at least so much older than the latest, or else the oldest one.

        None when there are not two snapshots.
        """
        if len(self.snapshots) < 2:
            return None
        until = self.snapshots[-1].taken_at - age
        return next((each for each in reversed(self.snapshots[:-1]) if each.taken_at <= until), self.snapshots[0])

    def spread(self, most: int) -> tuple[Snapshot, ...]:
        """Return so many snapshots at most, evenly apart in time, the oldest and the newest among them."""
        if len(self.snapshots) <= most:
            return self.snapshots
        first, last = self.snapshots[0].taken_at, self.snapshots[-1].taken_at
        wanted = [first + (last - first) * step / (most - 1) for step in range(most)]
        near = (min(self.snapshots, key=lambda each: abs(each.taken_at - moment)) for moment in wanted)
        return tuple(dict.fromkeys(near))


def history(db: Database, connection: Connection | None = None) -> History:
    """Find the snapshots of this database; `connection` as in `take`. Trouble with the file is in the result."""
    with reader_of(db, connection) as reader:
        return History(locate(db, reader))
