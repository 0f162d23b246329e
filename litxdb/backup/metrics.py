"""A database's backups as metrics for node_exporter's textfile collector."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from litxdb.backup.inventory import inventory
from litxdb.backup.outcome import exit_code
from litxdb.backup.preparing import place
from litxdb.backup.results import Backup
from litxdb.backup.store import Store
from litxdb.database import Database
from litxdb.errors import LitxdbError
from litxdb.prometheus import Family, exposition
from litxdb.publishing import publish


@contextlib.contextmanager
def recorded(path: Path | None, db: Database, store: Store, notify: Callable[[str], None]) -> Iterator[None]:
    """At the end of the block, well or not, write the file: how the run ended, and what the store then has.

    A file that cannot be written fails nothing: `notify` is told.
    """
    begun, started = time.monotonic(), datetime.now(UTC)
    problem: BaseException | None = None
    try:
        yield
    except BaseException as error:
        problem = error
        raise
    finally:
        if path:
            families = [*_run(problem, started, time.monotonic() - begun), *_state(db, store)]
            try:
                publish(path, exposition("litxdb_backup_", families, str(db.endpoint)))
            except LitxdbError as error:
                notify(f"warning: {error.message}")


def _run(problem: BaseException | None, started: datetime, seconds: float) -> Iterator[Family]:
    yield "last_exit_code", "How the last run ended; 0 is well.", [({}, exit_code(problem))]
    yield "last_run_timestamp_seconds", "When the last run began.", [({}, started.timestamp())]
    yield "last_run_duration_seconds", "How long the last run took, well or not.", [({}, seconds)]


def _state(db: Database, store: Store) -> Iterator[Family]:
    """Describe what the store has of this database; nothing if it does not answer."""
    here = (db.direct_endpoint.dbname, place(db))
    try:
        found = inventory(store).backups
    except LitxdbError:
        return
    yield from described(
        [each for each in found if (each.manifest.source.database, each.manifest.source.place) == here]
    )


def described(own: Sequence[Backup]) -> Iterator[Family]:
    """Describe a database's backups, the newest first; the names of the metrics go on from litxdb_backup_."""
    yield "retained", "Whole backups in the store.", [({}, len(own))]
    yield "retained_bytes", "Their size.", [({}, sum(each.manifest.archive.bytes for each in own))]
    if own:
        yield (
            "oldest_timestamp_seconds",
            "The snapshot of the oldest.",
            [({}, own[-1].manifest.snapshot_at.timestamp())],
        )
        yield from _newest(own[0])
    verified = next((each for each in own if each.verified), None)
    if verified and verified.proof:
        when = verified.manifest.snapshot_at.timestamp()
        yield "last_verified_timestamp_seconds", "The snapshot of the newest that was verified.", [({}, when)]
        yield "restore_seconds", "How long restoring that one took.", [({}, verified.proof.restore_seconds or 0.0)]


def _newest(backup: Backup) -> Iterator[Family]:
    manifest = backup.manifest
    seconds = manifest.seconds
    phases = {"dump": seconds.dump, "fingerprint": seconds.fingerprint, "total": seconds.total}
    yield "last_success_timestamp_seconds", "The snapshot of the newest.", [({}, manifest.snapshot_at.timestamp())]
    yield "duration_seconds", "How long it took.", [({"phase": phase}, took) for phase, took in phases.items()]
    yield "bytes", "The size of its archive.", [({}, manifest.archive.bytes)]
    yield "raw_bytes", "What pg_dump wrote.", [({}, manifest.archive.raw_bytes)]
    yield "tables", "The tables in it.", [({}, len(manifest.contents.tables))]
    yield "rows", "The rows in it.", [({}, manifest.contents.rows)]
    yield "encrypted", "Whether it is encrypted.", [({}, bool(manifest.archive.recipients))]
