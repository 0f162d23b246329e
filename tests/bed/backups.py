"""Backups to test with: a large one, and a store of any age (one really made, and copies that say they are older)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from litxdb import backup
from litxdb.backup import naming, records
from litxdb.backup.manifest import Manifest
from litxdb.backup.results import Attempt, Backup, Difference, Proof
from litxdb.database import Database
from litxdb.settings import Settings
from tests.bed.statements import execute

DIFFERENCE = Difference("table", "public.users", "3 rows", "2 rows")


def large(url: str, store: backup.Store) -> Backup:
    """Make a backup that takes a second or two to restore."""
    execute(url, "create table large as select n, md5(n::text) as a from generate_series(1, 200000) n",
            "create index on large (a)")  # fmt: skip
    with Database(url) as db:
        return backup.make(db, store)


class Shelf:
    """A store, or one in this directory; `settings` are the database's own, with this store."""

    def __init__(self, db: Database, place: Path | backup.Store) -> None:
        self.store = backup.open_store(str(place)) if isinstance(place, Path) else place
        self.settings: Settings = replace(db.settings, backup_store=self.store.where)
        self._made: Manifest = backup.make(db, self.store).manifest
        for file in list(self.store.list()):
            self.store.remove(file.file)

    def database(self) -> Database:
        """Open the database as somebody who knows the store."""
        return Database(settings=self.settings)

    def add(self, hours: float, *, size: int = 1000, rows: int | None = None, verified: bool | None = None) -> Manifest:
        """Put a backup there that is so old and large; one of which it is known says so an hour later."""
        at = datetime.now(UTC) - timedelta(hours=hours)
        name = naming.backup_name("litx", at, secrets.token_hex(3))
        file = naming.archive_file(name, parallel=False, encrypted=False)
        with self.store.create(file) as archive:
            archive.write(content := b"x" * size)
        contents = self._made.contents if rows is None else replace(self._made.contents, tables=())
        manifest = replace(
            self._made,
            name=name,
            started_at=at,
            snapshot_at=at,
            finished_at=at,
            archive=replace(self._made.archive, file=file, bytes=size, sha256=hashlib.sha256(content).hexdigest()),
            contents=contents,
        )
        records.write_manifest(self.store, manifest)
        if verified is not None:
            self.prove(manifest, ok=verified, hours=hours - 1)
        return manifest

    def prove(self, manifest: Manifest, *, ok: bool, hours: float, seconds: float = 60.0, full: bool = True) -> None:
        """Say that it was restored, or only read, so many hours ago, in how many seconds."""
        proof = Proof(
            backup=manifest.name,
            archive_sha256=manifest.archive.sha256,
            at=datetime.now(UTC) - timedelta(hours=hours),
            full=full,
            ok=ok,
            litxdb="0.1.0",
            restore_seconds=seconds if full else None,
            differences=() if ok else (DIFFERENCE, DIFFERENCE),
        )
        records.write_proof(self.store, proof, secrets.token_hex(3))

    def attempt(self, hours: float, *, host: str, pid: int, error: str | None = None) -> Attempt:
        """Record a run that began so many hours ago and made no backup."""
        at = datetime.now(UTC) - timedelta(hours=hours)
        name = naming.backup_name("litx", at, secrets.token_hex(3))
        source = self._made.source
        run = Attempt(name, source.database, source.place, at, host, pid, error)
        records.write_attempt(self.store, run)
        return run
