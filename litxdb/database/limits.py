"""What a service may take of the server: connections, and how long it waits for each thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Limits:
    """The bounds of one process; times in seconds.

    `statement_seconds` and `idle_seconds` (within a transaction: a network that was cut must not keep locks) hold for
    what runs in `session()`: the server ends it, and where that is not heard of, the connection is given up a little
    later (GRACE_SECONDS of `litxdb.database.silence`). The breaker opens after so many failures to connect in a row.
    """

    pool_size: int = 5
    max_overflow: int = 10
    pool_seconds: float = 30
    recycle_seconds: int = 1800
    statement_seconds: float = 30
    idle_seconds: float = 60
    breaker_failures: int = 5
    breaker_seconds: float = 30

    @property
    def connections(self) -> int:
        """The most connections that the pool opens."""
        return self.pool_size + self.max_overflow

    def pool(self) -> dict[str, Any]:
        """Return what SQLAlchemy's pool is made with."""
        return {
            "pool_size": self.pool_size,
            "max_overflow": self.max_overflow,
            "pool_timeout": self.pool_seconds,
            "pool_recycle": self.recycle_seconds,
            "pool_pre_ping": True,
        }


SERVICE = Limits()
CHAT = Limits(pool_size=5, max_overflow=5)
"""The chat service has at most 10 connections."""
