"""What capturing returns, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Effect:
    """What a statement did to the server.

    `locks` maps each table that existed before the capture to the strongest lock that this statement newly took on it
    (`AccessExclusiveLock`, as pg_locks writes it); it is held until the end of the transaction. `rewrites`, `scans` and
    `builds` name the tables rewritten, the tables (or foreign keys) read through to verify something, and the indexes
    built. `wal_bytes` is what all sessions of the server wrote meanwhile.
    """

    locks: Mapping[str, str] = field(default_factory=dict, hash=False)
    rewrites: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    builds: tuple[str, ...] = ()
    wal_bytes: int = 0


@dataclass(frozen=True)
class Statement:
    """One statement as it was sent, its parameters written into it.

    `autocommit` tells that it ran outside a transaction, `rows` how many it returned or changed (-1 when that means
    nothing), `reads` that it only asked: it returns rows and calls no function that PostgreSQL declares volatile.
    `effect` is None unless it was measured.
    """

    sql: str
    milliseconds: float
    autocommit: bool = False
    rows: int = -1
    notices: tuple[str, ...] = ()
    reads: bool = False
    effect: Effect | None = None


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
