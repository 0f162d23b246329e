"""What a backup's manifest records: the database it is of, what was in it, and the archive.

It is written as JSON (records.py): a field may be added, with a default; none is renamed or retyped without a new
format number. Times are UTC, sizes bytes, durations seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Source:
    """The database that was dumped, and the server as it was then; `place` is host:port or the socket, never a role.

    `encoding`, `collation`, `ctype` and `provider` (libc, icu, builtin) are what a new database for it is created with.
    """

    database: str
    place: str
    local: bool
    system_identifier: str | None
    server_version: int
    encoding: str
    collation: str
    ctype: str
    provider: str
    locale: str | None
    bytes: int

    @property
    def series(self) -> str:
        """What backups of the same database have in common: they count towards one another's retention.

        Two machines may both have a litxplore on localhost: there the server's identifier tells them apart.
        """
        return f"{self.database}@{f'{self.place}#{self.system_identifier}' if self.local else self.place}"


@dataclass(frozen=True)
class Client:
    """The pg_dump that wrote the archive, and why this one; `tls` is none, native or tunnel."""

    path: str
    version: str
    source: str
    tls: str


@dataclass(frozen=True)
class Extension:
    """An installed extension."""

    name: str
    version: str
    schema: str


@dataclass(frozen=True)
class TableContent:
    """One table's rows, and the sum of their hashes (see fingerprint.py).

    `bytes`, with TOAST and without indexes, are no content: a restored table takes others.
    """

    schema: str
    name: str
    rows: int
    fingerprint: str
    bytes: int = field(compare=False)


@dataclass(frozen=True)
class SequenceState:
    """Where a sequence stood at about the snapshot: sequences know no snapshot, so a restored one may be further."""

    schema: str
    name: str
    last_value: int
    is_called: bool
    increment: int


@dataclass(frozen=True)
class LargeObjects:
    """All large objects together."""

    count: int
    fingerprint: str


@dataclass(frozen=True)
class Schema:
    """All but rows. `objects` are the names of what there is, by kind; indexes and constraints only if valid."""

    revisions: tuple[str, ...]
    extensions: tuple[Extension, ...]
    sequences: tuple[SequenceState, ...]
    objects: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Contents:
    """All that a restored database must have again; tables by schema and name.

    `method` is how rows were hashed (fingerprint.METHODS), `probe` what that makes of a constant: another answer from
    another server means that fingerprints do not compare.
    """

    method: str
    probe: str
    schema: Schema
    tables: tuple[TableContent, ...]
    large_objects: LargeObjects

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True)
class Archive:
    """The one file that holds the dump; `sha256` is of the file as it lies there, compressed and perhaps encrypted.

    `format` is pg_dump's: custom, or directory (then a tar of it was compressed). `raw_bytes` is what pg_dump wrote.
    """

    file: str
    bytes: int
    sha256: str
    format: str
    raw_bytes: int
    compression: str = "zstd"
    recipients: tuple[str, ...] = ()
    """Fingerprints of the age recipients that can decrypt it; none: it is not encrypted."""


@dataclass(frozen=True)
class Durations:
    """How long the parts took: dump and fingerprint run side by side, and `total` has what comes before and after."""

    dump: float
    fingerprint: float
    total: float


@dataclass(frozen=True)
class Manifest:
    """All that is known of one backup, written last: a backup without it does not exist.

    `snapshot_at` is the server's clock: whatever was committed by then is in the archive, and nothing else.
    """

    name: str
    litxdb: str
    started_at: datetime
    snapshot_at: datetime
    finished_at: datetime
    source: Source
    client: Client
    archive: Archive
    contents: Contents
    seconds: Durations
    warnings: tuple[str, ...] = ()
