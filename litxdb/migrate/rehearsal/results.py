"""What a rehearsal returns, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from litxdb.migrate.results import Difference


@dataclass(frozen=True)
class Filled:
    """One table of the copy: the rows that the target has (an estimate of its statistics), and those made for it.

    `reason` says why a table that has rows on the target has none here.
    """

    table: str
    target_rows: int
    rows: int
    reason: str | None = None


@dataclass(frozen=True)
class Rehearsed:
    """One statement as it ran on the copy, in milliseconds; from `low` to `high` it may take on the target.

    They differ from `milliseconds` only where the copy has fewer rows than the target and the statement reads or writes
    them all. `locks` are those of tables that were there before the rehearsal.
    """

    revision: str
    number: int
    sql: str
    milliseconds: float
    low: float
    high: float
    autocommit: bool
    locks: Mapping[str, str] = field(default_factory=dict, hash=False)
    rewrites: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    builds: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    wal_bytes: int = 0
    changed: int = 0

    @property
    def works_on(self) -> tuple[str, ...]:
        """The tables that it rewrites, reads through or builds an index on."""
        return tuple(dict.fromkeys((*self.rewrites, *self.scans, *self.builds)))


@dataclass(frozen=True)
class Hold:
    """A table lock, from the statement that took it to the end of its transaction; times in milliseconds.

    `blocks` says who waits meanwhile, in a person's words; None when nobody who reads or writes does. `cause` is the
    statement that takes most of the time. `tested` is false when the statement works through a table that could not be
    filled: its time says nothing.
    """

    revision: str
    table: str
    lock: str
    blocks: str | None
    milliseconds: float
    low: float
    high: float
    cause: Rehearsed
    tested: bool = True

    @property
    def estimated(self) -> bool:
        """Whether the copy was smaller than the target, so that the time there had to be estimated."""
        return self.high > self.milliseconds


@dataclass(frozen=True)
class Trace:
    """What is wrong with the way down and up again; `revision` is None for all of them in one go.

    `irreversible` is that it cannot be reverted at all, `accepted` why that does not count, if somebody said so.
    """

    revision: str | None
    message: str
    differences: tuple[Difference, ...] = ()
    irreversible: bool = False
    accepted: str | None = None


@dataclass(frozen=True)
class Rehearsal:
    """How the pending revisions went on a copy of the target; `rows` are their statements.

    `ok` is false when a revision failed, something blocks longer than allowed or could not be tested, or the round
    trip leaves a trace that nobody accepted. `caveats` are what this does not prove.
    """

    verdict: str
    ok: bool
    before: str | None
    after: str | None
    milliseconds: float
    max_block_seconds: float
    rows: tuple[Rehearsed, ...] = ()
    holds: tuple[Hold, ...] = ()
    traces: tuple[Trace, ...] = ()
    tables: tuple[Filled, ...] = ()
    caveats: tuple[str, ...] = ()
    failure: str | None = None
