"""The time between two snapshots, for what can only be judged as a rate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from litxdb.doctor.amounts import age
from litxdb.doctor.check import Server
from litxdb.doctor.results import Reason, Skip
from litxdb.snapshots import DatabaseFigures, History, Snapshot

STALE_SECONDS = 24 * 3600
"""A rate that ended before that says nothing about now."""

LEAST_SECONDS = 60
"""A rate over less is chance."""


@dataclass(frozen=True)
class Span:
    """Two snapshots, what they say of the database as a whole, and the seconds that were watched between them."""

    old: Snapshot
    new: Snapshot
    before: DatabaseFigures
    after: DatabaseFigures
    seconds: float

    @property
    def lasted(self) -> str:
        """How long that was, in words."""
        return age(self.seconds)


def latest(history: History, server: Server, *, length: timedelta, least_seconds: float | None = None) -> Span:
    """Return the time up to the newest snapshot that began `length` before it, or later where none is so old.

    Raises Skip where there are no two snapshots, the newest is a day old, or less than `least_seconds` were watched.
    """
    least_seconds = LEAST_SECONDS if least_seconds is None else least_seconds
    take = "litxdb snapshot"
    if history.trouble:
        raise Skip(Reason.NOTHING_THERE, history.trouble.message, history.trouble.hint or take)
    old, new = history.before(length), history.newest
    if old is None or new is None:
        raise Skip(Reason.COLD_STATISTICS, "Two snapshots are needed to see what changes; from cron, every hour.", take)
    passed = (server.now - new.taken_at).total_seconds()
    if passed > STALE_SECONDS:
        raise Skip(Reason.COLD_STATISTICS, f"The newest snapshot is {age(passed)} old.", take)
    seconds = new.observed_seconds - old.observed_seconds
    if seconds < least_seconds:
        raise Skip(
            Reason.COLD_STATISTICS,
            f"Snapshots watched {age(seconds)}; {age(least_seconds)} are needed. Take one later.",
            take,
        )
    before, after = old.database, new.database
    if before is None or after is None:
        raise Skip(Reason.NOTHING_THERE, f"{history.file} cannot be read any more.", take)
    return Span(old, new, before, after, seconds)
