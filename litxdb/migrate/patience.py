"""How long a run waits for others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How long a run waits, in seconds: for another run to finish, for a table's lock, and for a revision to succeed.

    A statement that does not get its lock in `lock_timeout_seconds` gives up rather than have everybody queue behind
    it; its revision is then begun anew for up to `retry_seconds`, as long as a running backup is waited for.
    """

    wait_seconds: float = 60.0
    lock_timeout_seconds: float = 3.0
    retry_seconds: float = 60.0
