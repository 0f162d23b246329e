"""What capturing returns, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from litxdb.migrate.results import Leftover, LintFinding


@dataclass(frozen=True)
class Effect:
    """What a statement did to the server.

    All of tables that existed before the capture. `locks` maps each to the strongest lock that this statement newly
    took on it (`AccessExclusiveLock`, as pg_locks writes it); it is held until the end of the transaction. `rewrites`
    are tables written anew, `scans` those read through to verify something, `builds` the indexes built on each.
    `wal_bytes` is what all sessions of the server wrote meanwhile.
    """

    locks: Mapping[str, str] = field(default_factory=dict, hash=False)
    rewrites: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    builds: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    wal_bytes: int = 0


@dataclass(frozen=True)
class Statement:
    """One statement as it was sent, its parameters written into it.

    `autocommit` tells that it ran outside a transaction, `rows` how many it returned or changed (-1 when that means
    nothing), `reads` that it only asked: it returns rows and calls no function that PostgreSQL declares volatile.
    `effect` is None unless it was measured. `line` is where in the revision's file it was sent from.
    """

    sql: str
    milliseconds: float
    autocommit: bool = False
    rows: int = -1
    notices: tuple[str, ...] = ()
    reads: bool = False
    effect: Effect | None = None
    line: int | None = None


@dataclass(frozen=True)
class CapturedRevision:
    """What a revision sent, in order; `bookkeeping` is what Alembic then sent to the version table.

    `up` is false for a downgrade. `milliseconds` is the whole revision with its Python and its commit.
    """

    revision: str
    message: str
    up: bool
    statements: tuple[Statement, ...]
    bookkeeping: tuple[str, ...]
    milliseconds: float

    @property
    def asks(self) -> int:
        """How many statements only read: what else the revision sends may depend on their answers."""
        return sum(statement.reads for statement in self.statements)


@dataclass(frozen=True)
class TableLock:
    """A lock that a revision takes on a table of the target, held until its transaction ends.

    `rewritten`: the table is written anew under it; `scanned`: read through; `built`: the indexes built on it. `rows`
    and `bytes` are the server's estimates of the table on the target, None where it never counted.
    """

    table: str
    mode: str
    rewritten: bool
    scanned: bool
    built: tuple[str, ...]
    rows: int | None
    bytes: int | None


@dataclass(frozen=True)
class PlannedRevision:
    """A pending revision: what it sends, and what that does to tables that the target has.

    `asks` is how many more statements only read; with other answers, on other data, it may send something else.
    """

    revision: str
    message: str
    statements: tuple[str, ...] = ()
    asks: int = 0
    locks: tuple[TableLock, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a run of migrate would do, in order; `before` and `after` are None for a database without any revision.

    `unknown` is why the rows only have names: the revisions could not be run on a scratch database. `findings` are
    those of lint, the worst first. `leftovers` are what the run would mend before it begins.
    """

    before: str | None
    after: str | None
    rows: tuple[PlannedRevision, ...]
    unknown: str | None = None
    findings: tuple[LintFinding, ...] = ()
    leftovers: tuple[Leftover, ...] = ()

    @property
    def stops(self) -> tuple[LintFinding, ...]:
        """The findings for which production refuses the run."""
        return tuple(each for each in self.findings if each.level == "error" and each.accepted is None)
