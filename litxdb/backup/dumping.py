"""pg_dump into an archive, with fingerprints read beside it: in the end the archive is whole, or there is none."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from litxdb.backup import dump, naming
from litxdb.backup.fingerprint import Fingerprinting
from litxdb.backup.manifest import Archive, TableContent
from litxdb.backup.pipeline import Collecting, Encrypt, Packing, copy, packing, require_archive
from litxdb.backup.results import Progress
from litxdb.backup.store import Store
from litxdb.backup.tools import Tool
from litxdb.database.programs import Route

WATCH_SECONDS = 0.1


@dataclass(frozen=True)
class Encryption:
    """How an archive is encrypted, and the fingerprints of those who can decrypt it."""

    encrypt: Encrypt
    recipients: tuple[str, ...]


@dataclass(frozen=True)
class Dumped:
    """An archive, pg_dump's warnings, and how long it took."""

    archive: Archive
    warnings: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Dumping:
    """What pg_dump is started with, and where its output goes; `held` is the descriptor of the store's lock."""

    store: Store
    backup: str
    tool: Tool
    way: Route
    snapshot: str
    jobs: int
    encryption: Encryption | None
    held: int | None

    def run(self, reading: Fingerprinting, watch: Callable[[int], None]) -> Dumped:
        """Write the archive; `reading` starts when pg_dump has locked its tables, and ends before the archive is one.

        `watch` is told the bytes that came from pg_dump so far.
        """
        begun = time.monotonic()
        recipients = self.encryption.recipients if self.encryption else ()
        encrypt = self.encryption.encrypt if self.encryption else None
        file = naming.archive_file(self.backup, parallel=self.jobs > 1, encrypted=bool(recipients))
        with self.store.create(file) as target:
            with packing(target, encrypt, watch) as (pack, hashing):
                warnings = self._parallel(pack, file, reading) if self.jobs > 1 else self._plain(pack, reading)
            seconds = time.monotonic() - begun
            reading.result()
        archive = Archive(
            file=file,
            bytes=hashing.count,
            sha256=hashing.sha256,
            format="directory" if self.jobs > 1 else "custom",
            raw_bytes=pack.count,
            recipients=recipients,
        )
        return Dumped(archive, warnings, seconds)

    def _plain(self, pack: Packing, reading: Fingerprinting) -> tuple[str, ...]:
        with dump.running(self.tool, self.way, snapshot=self.snapshot, holds=self._holds) as pg_dump:
            copy(pg_dump.output, pack, reading.start)
            pg_dump.finish()
            require_archive(pack.head)
            return pg_dump.warnings

    def _parallel(self, pack: Packing, file: str, reading: Fingerprinting) -> tuple[str, ...]:
        with self.store.folder(file) as folder:
            collecting = Collecting(folder)
            with dump.running(
                self.tool,
                self.way,
                snapshot=self.snapshot,
                folder=folder,
                jobs=self.jobs,
                holds=self._holds,
                began=reading.start,
                finished=collecting.finished,
            ) as pg_dump:
                collecting.copy(pack, pg_dump.finish)
                return pg_dump.warnings

    @property
    def _holds(self) -> tuple[int, ...]:
        return () if self.held is None else (self.held,)


class Meter:
    """Tells how far it is, now and then, and hears whether the fingerprints are still well."""

    def __init__(self, watch: Callable[[Progress], None], expected: int | None, tables: int) -> None:
        self._watch, self._expected, self._tables = watch, expected, tables
        self._begun = self._told = time.monotonic()
        self._read = 0
        self.check: Callable[[], None] = lambda: None

    def bytes(self, count: int) -> None:
        """Be told how much has come from pg_dump."""
        now = time.monotonic()
        if now - self._told > WATCH_SECONDS:
            self._told = now
            self.check()
            self._watch(Progress(count, self._expected, self._read, self._tables, now - self._begun))

    def table(self, content: TableContent) -> None:
        """Be told that a table has been read."""
        self._read += 1
