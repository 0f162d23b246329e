"""What migrating returns, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RevisionStep:
    """A revision applied or reverted; `milliseconds` is None as long as it is not done."""

    revision: str
    message: str
    milliseconds: float | None = None


@dataclass(frozen=True)
class Migrated:
    """A run of revisions, in the order they ran; `before` and `after` are None for a database without any."""

    before: str | None
    after: str | None
    steps: tuple[RevisionStep, ...]


@dataclass(frozen=True)
class Pending:
    """A revision that is still to be applied."""

    revision: str
    message: str


@dataclass(frozen=True)
class Status:
    """Where a database is in the history; several heads of a project stand behind one another, "a, b".

    `known` is false when its revision is none of ours: nothing can be pending. A database that was migrated by a newer
    litxdb looks like that: the code is older than the database.
    """

    current: str | None
    head: str
    pending: tuple[Pending, ...]
    known: bool = True

    @property
    def at_head(self) -> bool:
        """Whether nothing is left to do."""
        return self.known and not self.pending


@dataclass(frozen=True)
class Entry:
    """A revision in the history, and whether the database has it."""

    revision: str
    message: str
    applied: bool
    current: bool


@dataclass(frozen=True)
class Difference:
    """One object of the catalogue that differs; None where it does not exist."""

    kind: str
    object: str
    before: str | None
    after: str | None
