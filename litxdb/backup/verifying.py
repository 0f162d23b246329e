"""Verifying: a backup is restored where nobody depends on it, and compared; what that showed is kept beside it."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from litxdb import __version__
from litxdb.backup import archive, beside, comparing, contents, fingerprint, records
from litxdb.backup.archive import Decrypt
from litxdb.backup.manifest import Contents, Manifest
from litxdb.backup.pg_restore import ServerLacks
from litxdb.backup.reading_through import read_through
from litxdb.backup.restoring import Watch, restore
from litxdb.backup.results import Backup, Difference, Proof, Restoring, Verified
from litxdb.backup.scratch import scratch_for
from litxdb.backup.store import Store
from litxdb.backup.unpacking import unpacked
from litxdb.database import Database
from litxdb.database.advisory import acquire, idle_for_long
from litxdb.errors import BackupDamaged, ServerRefused
from litxdb.settings import Settings

VERIFYING = ".litxdb_verify"
"""The name of the lock that keeps apart those who verify beside one database."""


def verify(
    store: Store,
    found: Backup,
    *,
    settings: Settings,
    into: Database | None = None,
    decrypt: Decrypt | None = None,
    jobs: int | None = None,
    watch: Watch = lambda step: None,
) -> Verified:
    """Restore a backup into a scratch database, compare all of it, and record the proof.

    The scratch database is the embedded server's, or with `into` a new one beside that, which is not touched; in both
    cases it is dropped afterwards.

    A backup that is damaged, cannot be restored or differs is not ok, and its proof says why. What says nothing about
    the backup is raised, and no proof is written: a server that lacks an extension, no room, no identity to decrypt.
    """
    manifest = found.manifest
    if into is None:
        with scratch_for(settings, manifest, "verify") as db:
            return _proven(store, manifest, db, decrypt, jobs, watch, scratch_server=True)
    with _beside(into, manifest) as db:
        return _proven(store, manifest, db, decrypt, jobs, watch, scratch_server=False)


def verify_quickly(
    store: Store, found: Backup, *, settings: Settings, decrypt: Decrypt | None = None, watch: Watch = lambda step: None
) -> Verified:
    """Read a backup to its end: its size, its checksum, and that pg_restore can read it; record that.

    It proves that the file is what was written, not that it can be restored. Without a key to an encrypted archive only
    size and checksum are looked at. Raises ToolMissing.
    """
    manifest, begun = found.manifest, time.monotonic()
    error, unread = None, bool(manifest.archive.recipients) and decrypt is None
    watch(Restoring("reading", manifest.archive.file, 0, 0))
    try:
        if unread:
            archive.check(store, manifest)
        else:
            read_through(store, manifest, settings, decrypt)
    except BackupDamaged as damage:
        error = damage.message
    proof = _proof(manifest, full=False, ok=error is None, error=error, total_seconds=time.monotonic() - begun)
    _record(store, proof)
    less = (
        "only its size and checksum were looked at, for want of its key"
        if unread
        else "it was read, not restored: that proves less"
    )
    return Verified(proof, (less,))


def _proven(
    store: Store,
    manifest: Manifest,
    db: Database,
    decrypt: Decrypt | None,
    jobs: int | None,
    watch: Watch,
    *,
    scratch_server: bool,
) -> Verified:
    begun = time.monotonic()
    error: str | None = None
    restored: float | None = None
    there: Contents | None = None
    differences: tuple[Difference, ...] = ()
    try:
        watch(Restoring("unpacking", manifest.archive.file, 0, 0))
        with unpacked(store, manifest, decrypt) as dump:
            restore(
                db,
                dump,
                contents=manifest.contents,
                jobs=jobs,
                memory_bytes=_memory() if scratch_server else None,
                lasting=False,
                make_roles=scratch_server,
                watch=watch,
            )
        restored = time.monotonic() - begun
        there = _comparable_contents(db, manifest, watch)
        differences = comparing.differences(manifest.contents, there)
    except ServerLacks:
        raise
    except (BackupDamaged, ServerRefused) as problem:
        error = problem.message
    with contextlib.closing(db.connect()) as connection:
        version = connection.info.server_version
    proof = _proof(
        manifest,
        full=True,
        ok=error is None and not differences,
        server_version=version,
        restore_seconds=restored,
        total_seconds=time.monotonic() - begun,
        differences=differences,
        error=error,
    )
    _record(store, proof)
    said = comparing.caveats(manifest, there, version, scratch=True) if there else ()
    return Verified(proof, said)


def _comparable_contents(db: Database, manifest: Manifest, watch: Watch) -> Contents:
    """Read a restored database; ServerLacks where that says nothing about the backup."""
    there = restored_contents(db, manifest.contents, watch)
    if not comparing.comparable(manifest.contents, there):
        raise ServerLacks(
            f"Rows are hashed otherwise here than where litxdb {manifest.litxdb} backed them up: "
            "fingerprints do not compare.",
            "Verify it on a server of the same kind (--into), or with that litxdb.",
        )
    return there


def restored_contents(db: Database, expected: Contents, watch: Watch) -> Contents:
    """Read a restored database as the backup was read, or if nobody here knows how, then by the first method."""
    seen = 0

    def tell(table: object) -> None:
        nonlocal seen
        seen += 1
        watch(Restoring("comparing", None, seen, len(expected.tables)))

    watch(Restoring("comparing", None, 0, len(expected.tables)))
    known = (expected.method, *fingerprint.METHODS)
    method = next(each for each in known if each in fingerprint.METHODS)
    return contents.read(db, method=method, watch=tell)


@contextlib.contextmanager
def _beside(into: Database, manifest: Manifest) -> Iterator[Database]:
    """Make a database for the time of the block; one verify at a time, so that what is left over is nobody's."""
    options = f"template template0 encoding '{manifest.source.encoding}' lc_collate 'C' lc_ctype 'C'"
    with contextlib.closing(into.connect(direct=True, autocommit=True)) as session:
        idle_for_long(session)
        acquire(session, VERIFYING, 0, subject="another verify on this server", notify=into.notify)
        with beside.made(into, "verifying", options=options) as db:
            yield db
            beside.drop(into, db.direct_endpoint.dbname)


def _memory() -> int:
    """Return how much of this machine's memory a scratch database may use for indexes."""
    import psutil

    return int(psutil.virtual_memory().available // 2)


def _proof(manifest: Manifest, *, full: bool, ok: bool, **more: Any) -> Proof:
    return Proof(
        backup=manifest.name,
        archive_sha256=manifest.archive.sha256,
        at=datetime.now(UTC),
        full=full,
        ok=ok,
        litxdb=__version__,
        **more,
    )


def _record(store: Store, proof: Proof) -> None:
    records.write_proof(store, proof, secrets.token_hex(3))
