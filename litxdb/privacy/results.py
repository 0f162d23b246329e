"""What export and erasure return and write: a manifest, a proof, a plan, a certificate. Times are the server's, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

FORMAT = 1
"""The number of the form of an export; a change that an older reader would misread gets a new one."""


@dataclass(frozen=True)
class Person:
    """Whom it is about: the row of the root, by its primary key as text, and the values that identify the person.

    `identifiers` maps a column to its value; those in `caseless` count however they are capitalised. `identity` is what
    never changes of the person.
    """

    table: str
    key: Mapping[str, str]
    identifiers: Mapping[str, str]
    caseless: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()


@dataclass(frozen=True)
class File:
    """A file of an export: the rows of `table`, or `referenced` rows of it, that belong to somebody else or to all."""

    name: str
    table: str
    rows: int
    bytes: int
    sha256: str
    referenced: bool = False


@dataclass(frozen=True)
class Treatment:
    """What became of a table: exported, referenced, excluded or unrelated (no path leads to the person), and why."""

    table: str
    treatment: str
    reason: str
    rows: int = 0


@dataclass(frozen=True)
class Mention:
    """Rows of others, or of nobody, in which a value of the person's stands in `column`.

    `allowed` is why that is no gap: the rows are other people's, or the policy says so; None: it is one.
    """

    table: str
    column: str
    rows: int
    allowed: str | None


@dataclass(frozen=True)
class Proof:
    """What looking into every table for the person's values showed, whatever the foreign keys say.

    `columns` were looked into, `inside` rows were found that are the person's, `mentions` the others; `unsearched` is
    what could not be looked into.
    """

    tables: int
    columns: int
    inside: int
    mentions: tuple[Mention, ...]
    seconds: float
    unsearched: tuple[str, ...] = ()

    @property
    def gaps(self) -> tuple[Mention, ...]:
        """The mentions that nobody has accounted for."""
        return tuple(each for each in self.mentions if each.allowed is None)

    @property
    def complete(self) -> bool:
        """Whether nothing was found that ought to be among the person's rows."""
        return not self.gaps


@dataclass(frozen=True)
class Manifest:
    """What is in an export; `files` come with their checksums, all but the manifest itself."""

    format: int
    litxdb: str
    database: str
    snapshot_at: datetime
    revisions: tuple[str, ...]
    person: Person
    files: tuple[File, ...]
    tables: tuple[Treatment, ...]
    proof: Proof
    complete: bool

    @property
    def rows(self) -> int:
        """The person's rows of all tables."""
        return sum(each.rows for each in self.files if not each.referenced)


@dataclass(frozen=True)
class Export:
    """An export that was written: where to, its size, and its manifest."""

    path: str
    bytes: int
    seconds: float
    manifest: Manifest


@dataclass(frozen=True)
class Change:
    """What an erasure does to rows of a table: delete, set null, pseudonymise or retain, and why; or to a materialized
    view: refresh.

    `others` says that the rows are other people's, or nobody's. With `column` only that column changes.
    """

    table: str
    action: str
    rows: int
    reason: str
    others: bool = False
    column: str | None = None


@dataclass(frozen=True)
class Plan:
    """What an erasure would do, in the order of the tables; `blocked` are sentences that say why it cannot be done."""

    person: Person
    changes: tuple[Change, ...]
    blocked: tuple[str, ...] = ()

    @property
    def deleted(self) -> int:
        """The rows that are deleted, other people's included."""
        return sum(each.rows for each in self.changes if each.action == "delete")


@dataclass(frozen=True)
class Entry:
    """An erasure in the ledger: `subject` is a keyed hash of what never changes of the person, and nothing personal.

    `key` tells which key it was made with, without telling the key; `identity` the columns that were hashed.
    """

    id: str
    root: str
    identity: tuple[str, ...]
    subject: str
    key: str
    erased_at: datetime
    rows: int
    litxdb: str
    format: int = 1


@dataclass(frozen=True)
class Holding:
    """A backup that still holds the person's data, and until when; None: until somebody prunes it.

    One that is not whole, as it was under way, killed or damaged, has no `snapshot_at`: it may hold the data.
    """

    backup: str
    snapshot_at: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class Certificate:
    """What was erased, without saying whom to anybody who does not have the key of the ledger."""

    entry: Entry
    database: str
    changes: tuple[Change, ...]
    proof: Proof
    ledgers: tuple[str, ...]
    backups: tuple[Holding, ...] = ()
