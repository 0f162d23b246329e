"""The plain data that parts of litxdb hand to one another; a command only has to draw it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class PoolFigures:
    """SQLAlchemy's connection pool at one moment, in connections; `overflow` counts those beyond `size`."""

    size: int
    checkedin: int
    checkedout: int
    overflow: int


@dataclass(frozen=True)
class Health:
    """Whether the database answers: one query through the pool, timed."""

    healthy: bool
    connection: bool
    query: bool
    milliseconds: float
    pool: PoolFigures
    timestamp: datetime
    error: str | None = None


@dataclass(frozen=True)
class Step:
    """One step of a connection: what was tried, how long it took, what it showed."""

    step: str
    ok: bool
    milliseconds: float | None
    detail: str


@dataclass(frozen=True)
class Ping:
    """A connection taken apart; `kind` is embedded, direct or pooled, `exit_code` what a run of ping ends with."""

    ok: bool
    exit_code: int
    endpoint: str
    kind: str
    rows: tuple[Step, ...]
    server_version: str | None = None
    user: str | None = None
    database: str | None = None
    error: str | None = None
    hint: str | None = None


@dataclass(frozen=True)
class Seeded:
    """What seeding did to one table, in rows; `kept` were there before and stay as they are."""

    table: str
    inserted: int
    kept: int
