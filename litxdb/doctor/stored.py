"""The backups of a database, as the checks of backups see them: read once an examination, and not for ever."""

from __future__ import annotations

import functools
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from litxdb.doctor.check import Context
from litxdb.doctor.deadline import Deadline, out_of_time
from litxdb.doctor.leaving import leave_running
from litxdb.doctor.results import Reason, Skip
from litxdb.errors import LitxdbError

if TYPE_CHECKING:
    from litxdb.backup import Attempt, Backup, Inventory, Store
    from litxdb.backup.results import Damaged

NOT_CONFIGURED = "No backup store is configured: LITXDB_BACKUP_STORE says where backups of this database are."


@dataclass(frozen=True)
class Stored:
    """What a store holds of one database: whole backups, the newest first, and runs that made none.

    `damaged` files may be another database's; `others` counts the backups that are.
    """

    backups: tuple[Backup, ...]
    attempts: tuple[Attempt, ...]
    damaged: tuple[Damaged, ...]
    others: int
    free_bytes: int | None

    @property
    def verified(self) -> Backup | None:
        """The newest one that was restored and found equal."""
        return next((backup for backup in self.backups if backup.verified), None)


def stored(context: Context) -> Stored:
    """Return this database's backups; a store that does not answer takes what is left of the time.

    Raises Skip where no store is configured, and the store's own error where it cannot be read.
    """
    place, deadline = context.db.settings.backup_store, context.deadline
    if place is None:
        raise Skip(Reason.NOT_APPLICABLE, NOT_CONFIGURED, "litxdb backup --help")
    answer = _reading(place, tuple(context.db.settings.store_options.items()), deadline)
    if deadline is None:
        return _of(context, *answer.result())
    try:
        return _of(context, *answer.result(deadline.left))
    except TimeoutError:
        raise out_of_time(deadline) from None


def require_store(context: Context) -> Stored:
    """Return what the store holds; raises Skip where it cannot be read, which backup_overdue reports."""
    try:
        return stored(context)
    except LitxdbError as error:
        raise Skip(Reason.NOT_APPLICABLE, error.message, "litxdb doctor --only backup_overdue") from None


def require_backups(context: Context) -> Stored:
    """Return this database's backups; raises Skip where there are none, which backup_overdue reports."""
    found = require_store(context)
    if not found.backups:
        raise Skip(Reason.NOTHING_THERE, "There is no backup of this database.", "litxdb backup")
    return found


def seconds_since(moment: datetime) -> float:
    """Return how long ago that was, by this machine's clock."""
    return max(0.0, (datetime.now(UTC) - moment).total_seconds())


def _of(context: Context, found: Inventory, free_bytes: int | None) -> Stored:
    from litxdb.backup.preparing import place

    here = (context.db.direct_endpoint.dbname, place(context.db))
    own = tuple(each for each in found.backups if (each.manifest.source.database, each.manifest.source.place) == here)
    attempts = tuple(each for each in found.attempts if (each.database, each.place) == here)
    return Stored(own, attempts, found.damaged, len(found.backups) - len(own), free_bytes)


@functools.lru_cache(maxsize=1)
def _reading(
    place: str, options: tuple[tuple[str, str], ...], _examination: Deadline | None
) -> Future[tuple[Inventory, int | None]]:
    """Read a store in a thread of its own, which is left behind if the disk hangs; once for all checks."""
    from litxdb import backup

    def read() -> tuple[Inventory, int | None]:
        store: Store = backup.open_store(place, dict(options))
        return backup.inventory(store), store.free_bytes()

    return leave_running(read, "store")
