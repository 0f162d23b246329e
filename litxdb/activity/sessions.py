"""The sessions of a server, and its prepared transactions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.redaction import without_values

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


@dataclass(frozen=True)
class Session:
    """A session. Of other roles' sessions only some is visible without pg_read_all_stats: see `is_visible`.

    `awaited_mode`, `awaited_type`, `awaited` and `waited_seconds` are of a lock; pid 0 in `blocked_by` is a prepared
    transaction.
    """

    pid: int
    started_at: datetime | None
    role: str | None
    database: str | None
    application: str | None
    client: str | None
    backend_type: str | None
    state: str | None
    wait_event_type: str | None
    wait_event: str | None
    transaction_seconds: float | None
    query_seconds: float | None
    state_seconds: float | None
    xmin_age: int | None
    query: str | None
    blocked_by: tuple[int, ...]
    awaited_mode: str | None
    awaited_type: str | None
    awaited: str | None
    waited_seconds: float | None
    holds_advisory: bool
    is_visible: bool
    is_own: bool

    @property
    def is_client(self) -> bool:
        """Whether it is a client's, as far as can be seen."""
        return self.backend_type == "client backend" or (self.backend_type is None and self.role is not None)

    @property
    def is_busy(self) -> bool:
        """Whether it is doing something, holds a transaction open, or waits; so does what cannot be seen, perhaps."""
        return self.state not in ("idle", "disabled") or bool(self.blocked_by)


@dataclass(frozen=True)
class Prepared:
    """A prepared transaction, and the sessions that wait for it."""

    gid: str
    role: str
    database: str
    seconds: float
    xid_age: int
    victims: tuple[int, ...]


def read_sessions(connection: Connection, *, with_values: bool = False) -> list[Session]:
    """Read all sessions, the server's own processes too; statements have their values only on demand."""
    rows = queries.load("activity", "sessions", connection.info.server_version).run(connection)
    for row in rows:
        row["blocked_by"] = tuple(dict.fromkeys(pid for pid in row["blocked_by"] if pid != row["pid"]))
        if row["query"] and not with_values:
            row["query"] = without_values(row["query"])
    return [Session(**row) for row in rows]


def read_prepared(connection: Connection) -> list[Prepared]:
    """Read all prepared transactions."""
    rows = queries.load("activity", "prepared", connection.info.server_version).run(connection)
    return [Prepared(**{**row, "victims": tuple(row["victims"])}) for row in rows]
