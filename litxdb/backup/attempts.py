"""The record of a run until it is a backup: it tells of a failure later, and what a killed run left is cleared away."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from litxdb.backup import naming, records
from litxdb.backup.naming import Kind
from litxdb.backup.outcome import reason
from litxdb.backup.results import Attempt
from litxdb.backup.store import Store
from litxdb.errors import BackupDamaged, LockHeld, StoreUnusable

STALE = timedelta(days=1)
RECORD_STALE = timedelta(minutes=10)
"""Nothing is half-written for so long without a byte being added to it; a record is written at once."""


@contextlib.contextmanager
def attempt(store: Store, database: str, place: str) -> Iterator[Attempt]:
    """Record that a run begins; at the end of the block the record goes, or says why the run failed.

    A run that only found another one running leaves nothing.
    """
    started = datetime.now(UTC)
    name = naming.backup_name(database, started, secrets.token_hex(3))
    mine = Attempt(name, database, place, started, socket.gethostname(), os.getpid())
    records.write_attempt(store, mine)
    try:
        yield mine
    except LockHeld:
        store.remove(naming.attempt_file(name))
        raise
    except BaseException as error:
        with contextlib.suppress(StoreUnusable):  # the first error is what counts
            records.write_attempt(store, replace(mine, error=reason(error)))
        raise
    store.remove(naming.attempt_file(name))


def sweep(store: Store, mine: Attempt) -> None:
    """Clear away what earlier runs for this database left.

    The caller holds the locks of this database: no other run for it lives. Of other databases only what is stale goes.
    """
    for left in store.leftovers():
        known = naming.parse(left.file.removesuffix(".d"))
        if known and left.modified < datetime.now(UTC) - (STALE if known.kind is Kind.archive else RECORD_STALE):
            store.remove(left.file)
    kinds = [known for each in store.list() if (known := naming.parse(each.file))]
    whole = {known.backup for known in kinds if known.kind is Kind.manifest}
    for known in kinds:
        if known.kind is not Kind.attempt or known.backup == mine.backup:
            continue
        if known.backup in whole:  # killed in its very last moment
            store.remove(naming.attempt_file(known.backup))
        elif _is_of(store, known.backup, mine):
            for file in files(known.backup):
                store.remove(file)


def _is_of(store: Store, backup: str, mine: Attempt) -> bool:
    try:
        other = records.read(store, naming.attempt_file(backup), Attempt)
    except (BackupDamaged, FileNotFoundError):
        return False
    return (other.database, other.place) == (mine.database, mine.place)


def files(backup: str) -> Iterator[str]:
    """List every file that a run for this backup may have left, its record last."""
    for parallel in (False, True):
        for encrypted in (False, True):
            archive = naming.archive_file(backup, parallel=parallel, encrypted=encrypted)
            yield archive
            yield f"{archive}.d"
    yield naming.manifest_file(backup)
    yield naming.attempt_file(backup)
