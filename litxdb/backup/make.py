"""Making a backup: one snapshot, seen by pg_dump and by our own queries, into a store where it appears whole."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from litxdb import __version__
from litxdb.backup import attempts, contents, fingerprint, preparing, records, sessions
from litxdb.backup.dumping import Dumped, Dumping, Encryption, Meter
from litxdb.backup.empty import require_finished
from litxdb.backup.fingerprint import Fingerprinting
from litxdb.backup.manifest import Client, Contents, Durations, Manifest
from litxdb.backup.results import Attempt, Backup, Progress
from litxdb.backup.store import Store
from litxdb.backup.tools import Tool
from litxdb.database import Database
from litxdb.database.advisory import BACKUP, SCHEMA, acquire, idle_for_long
from litxdb.database.programs import route
from litxdb.errors import Refused

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def make(
    db: Database,
    store: Store,
    *,
    jobs: int = 1,
    workers: int = 2,
    wait_seconds: float = 60,
    encryption: Encryption | None = None,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Backup:
    """Back the database up into the store, and return it.

    Migrations are waited for, for `wait_seconds`; another backup of the same database is not. With `jobs` above 1
    pg_dump reads several tables at once, and its files lie uncompressed on the disk until each is whole. `workers` is
    how many sessions read fingerprints. As long as it runs, tables cannot be altered, and vacuum keeps old rows.

    Whatever goes wrong, the store has the backups afterwards that it had before, and a record of why this one failed.
    Raises LockHeld, ToolMissing, StoreUnusable, ServerRefused (a table that the role may not read), ConnectionFailed,
    and Refused for what an interrupted restore left.
    """
    if encryption and jobs > 1:
        raise Refused("--jobs would leave tables unencrypted on the disk for a while.", "Leave out one of the two.")
    place, database = preparing.place(db), db.direct_endpoint.dbname
    lock = hashlib.sha256(f"{database}@{place}".encode()).hexdigest()[:16]
    with (
        store.lock(lock, "Another backup of this database") as held,
        attempts.attempt(store, database, place) as mine,
        closing(db.connect(direct=True, autocommit=True)) as session,
    ):
        idle_for_long(session)
        acquire(session, BACKUP, 0, subject="another backup of this database", notify=db.notify)
        acquire(session, SCHEMA, wait_seconds, subject="a migration of this database", notify=db.notify)
        attempts.sweep(store, mine)
        require_finished(session, db)
        manifest = _Making(db, store, session, mine, jobs, workers, encryption, watch, held).run()
        records.write_manifest(store, manifest)
    return Backup(manifest, (), f"{store.where.rstrip('/')}/{manifest.archive.file}")


@dataclass(frozen=True)
class _Making:
    """One run, whose locks `session` holds; it keeps the snapshot open too."""

    db: Database
    store: Store
    session: Connection
    attempt: Attempt
    jobs: int
    workers: int
    encryption: Encryption | None
    watch: Callable[[Progress], None]
    held: int | None

    def run(self) -> Manifest:
        """Write the archive, and return the manifest that makes it a backup."""
        begun = time.monotonic()
        source = preparing.read_source(self.db, self.session)
        tool = preparing.find_pg_dump(self.db, source)
        preparing.require_readable(self.session)
        expected = preparing.expect(self.store, source, self.attempt.backup)
        preparing.require_room(self.store, source, expected)
        warnings = preparing.caveats(self.session, tool)
        snapshot, snapshot_at = sessions.export(self.session)
        schema = contents.read_schema(self.session)
        method = fingerprint.method_for(source.encoding)
        probe = fingerprint.probe(self.session, method)
        dumped, tls, reading = self._dump(tool, snapshot, method, expected.raw_bytes)
        tables, large_objects = reading.result()
        return Manifest(
            name=self.attempt.backup,
            litxdb=__version__,
            started_at=self.attempt.started_at,
            snapshot_at=snapshot_at,
            finished_at=datetime.now(UTC),
            source=source,
            client=Client(str(tool.path), tool.version, tool.source, tls),
            archive=dumped.archive,
            contents=Contents(method, probe, schema, tables, large_objects),
            seconds=Durations(dumped.seconds, reading.seconds, time.monotonic() - begun),
            warnings=(*warnings, *dumped.warnings),
        )

    def _dump(self, tool: Tool, snapshot: str, method: str, expected: int | None) -> tuple[Dumped, str, Fingerprinting]:
        """Run pg_dump and the fingerprints side by side; returns how pg_dump reached the server as well."""
        found = fingerprint.tables(self.session, method)
        meter = Meter(self.watch, expected or sum(table.written for table in found) or None, len(found))
        has_tls = bool(self.session.info.ssl_in_use) and tool.has_tls
        with (
            route(self.db, self.session, has_tls=has_tls) as way,
            Fingerprinting(
                self.db, found, method=method, snapshot=snapshot, workers=self.workers, watch=meter.table
            ) as reading,
        ):
            meter.check = reading.check
            dumping = Dumping(
                self.store, self.attempt.backup, tool, way, snapshot, self.jobs, self.encryption, self.held
            )
            return dumping.run(reading, meter.bytes), way.tls, reading
