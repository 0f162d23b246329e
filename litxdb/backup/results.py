"""What the parts of backup return, and what a proof and an attempt record beside the manifest.

Proof and Attempt are written as JSON (records.py): a field may be added, with a default; none is renamed or retyped
without a new format number. Times are UTC, sizes bytes, durations seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from litxdb.backup.manifest import Manifest


@dataclass(frozen=True)
class Difference:
    """What a restored database has other than the backup says: the kind (table, sequence, index…), which, and both."""

    kind: str
    object: str
    expected: str
    found: str


@dataclass(frozen=True)
class Proof:
    """What verifying one archive showed; `full` restored it and compared contents, else only the file was read.

    A proof counts only for an archive with this sha256. `restore_seconds` is from the first byte read to a database
    that could be used, the measured part of the recovery time; None unless `full` and restored.
    """

    backup: str
    archive_sha256: str
    at: datetime
    full: bool
    ok: bool
    litxdb: str
    server_version: int | None = None
    restore_seconds: float | None = None
    total_seconds: float | None = None
    differences: tuple[Difference, ...] = ()
    error: str | None = None
    """Why it could not be read or restored at all."""


@dataclass(frozen=True)
class Verified:
    """A proof that was just made, and in `caveats` what it does not prove, in a person's words."""

    proof: Proof
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Session:
    """A session in a database that is to be replaced."""

    pid: int
    role: str | None
    application: str
    client: str | None
    state: str | None


@dataclass(frozen=True)
class Kept:
    """The database that a restore replaced, by its new name; nobody can connect to it."""

    name: str
    replaced_at: datetime
    bytes: int


@dataclass(frozen=True)
class Restored:
    """A database that was restored; `compared` says whether with a manifest, and then it was equal.

    `restore_seconds` are those until it could be used. `caveats` are what could not be checked or is not there. `kept`
    is the name of the old database, if it replaced one, and `undo` the statements that put that back.
    """

    database: str
    backup: str
    compared: bool
    tables: int
    rows: int
    restore_seconds: float
    total_seconds: float
    caveats: tuple[str, ...] = ()
    kept: str | None = None
    undo: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """A run that has begun and has no manifest yet: under way, failed (then `error` says why), or killed."""

    backup: str
    database: str
    place: str
    started_at: datetime
    host: str
    pid: int
    error: str | None = None


@dataclass(frozen=True)
class Backup:
    """A whole backup in a store: its manifest, its proofs (oldest first), and where it is."""

    manifest: Manifest
    proofs: tuple[Proof, ...] = ()
    where: str = ""

    @property
    def name(self) -> str:
        """The backup's name, which begins the names of all its files."""
        return self.manifest.name

    @property
    def proof(self) -> Proof | None:
        """The newest proof that decides: a full one, or a quick one that failed after it."""
        deciding = [proof for proof in self.proofs if proof.full or not proof.ok]
        return deciding[-1] if deciding else None

    @property
    def verified(self) -> bool | None:
        """Whether it was restored and found equal; None if nobody has tried."""
        return self.proof.ok if self.proof else None


@dataclass(frozen=True)
class Damaged:
    """A file in a store that is not what it should be, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Inventory:
    """All that is in a store; backups are the newest first, by the server's clock."""

    where: str
    backups: tuple[Backup, ...]
    damaged: tuple[Damaged, ...] = ()
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a backup has come: bytes from pg_dump, of about so many (None: not known), and tables fingerprinted."""

    raw_bytes: int
    expected_bytes: int | None
    tables_read: int
    tables: int
    seconds: float


@dataclass(frozen=True)
class Restoring:
    """How far a restore has come: what is being done (rows, index, analyzing…) to what, and tables begun of all."""

    step: str
    object: str | None
    tables_begun: int
    tables: int
    seconds: float = 0.0


@dataclass(frozen=True)
class Listed:
    """One backup as `litxdb backups` shows it; `restore_seconds` was measured by its proof."""

    name: str
    database: str
    place: str
    at: datetime
    age_seconds: float
    bytes: int
    tables: int
    rows: int
    revision: str | None
    verified: bool | None
    verified_at: datetime | None
    restore_seconds: float | None
    encrypted: bool
    server_version: int
    where: str


@dataclass(frozen=True)
class Objective:
    """What would be lost, and for how long the database would be gone, if it had to be restored now.

    `rpo_seconds` is the age of the newest verified backup, `rto_seconds` how long restoring that one took; both None
    where there is none. They hold for one database (Source.series).
    """

    database: str
    place: str
    verified: str | None
    rpo_seconds: float | None
    rpo_ok: bool
    rto_seconds: float | None
    rto_ok: bool


@dataclass(frozen=True)
class Decision:
    """What retention says of one backup, and all reasons for it."""

    name: str
    database: str
    place: str
    at: datetime
    bytes: int
    verified: bool | None
    keep: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Withheld:
    """A database of which nothing is deleted for now, and why: its last run `failed`, or nothing is verified."""

    database: str
    place: str
    reason: str
    failed: bool


@dataclass(frozen=True)
class Pruning:
    """What prune would do, or has done: a decision on every backup, and what was deleted.

    `resumed` are backups that an earlier run had begun to delete.
    """

    where: str
    decisions: tuple[Decision, ...]
    withheld: tuple[Withheld, ...]
    damaged: tuple[Damaged, ...]
    deleted: tuple[str, ...] = ()
    resumed: tuple[str, ...] = ()

    @property
    def doomed(self) -> tuple[Decision, ...]:
        """What is not kept."""
        return tuple(each for each in self.decisions if not each.keep)
