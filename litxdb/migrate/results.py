"""What migrating returns, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

LONGEST_QUERY = 80
"""How much of a statement is shown, in characters."""


@dataclass(frozen=True)
class RevisionStep:
    """A revision applied or reverted; `milliseconds` is None as long as it is not done.

    `retries` counts how often it was rolled back and begun anew because somebody held a lock.
    """

    revision: str
    message: str
    milliseconds: float | None = None
    retries: int = 0


@dataclass(frozen=True)
class Leftover:
    """Something half done: an INVALID index or a constraint NOT VALID, and the statement that mends it.

    `repaired` is whether a run of migrate has mended it; `reason` why it could not.
    """

    kind: str
    object: str
    table: str
    statement: str
    repaired: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class Loss:
    """What a rollback takes away: a table, a column, or a value of an enum, with what it holds now.

    `rows` are the table's, `filled` those with a value here; both None where they could not be counted. When counting
    was cut short, `exact` is false and they are the least that is there.
    """

    kind: str
    object: str
    rows: int | None
    filled: int | None
    exact: bool = True


@dataclass(frozen=True)
class Migrated:
    """A run of revisions, in the order they ran; `before` and `after` are None for a database without any.

    `leftovers` are the half-done indexes and constraints that the run found, mended or left. `lost` is what going back
    took; None where nobody looked.
    """

    before: str | None
    after: str | None
    steps: tuple[RevisionStep, ...]
    leftovers: tuple[Leftover, ...] = ()
    lost: tuple[Loss, ...] | None = None


@dataclass(frozen=True)
class Blocker:
    """A session that a migration waits for; None is what this role may not see of it."""

    pid: int
    application: str | None
    role: str | None
    host: str | None
    state: str | None
    seconds: float | None
    query: str | None
    table: str | None = None

    @property
    def who(self) -> str:
        """Name it for a person.

        >>> Blocker(42, "psql", "ada", None, "idle in transaction", 61.2, "select 1", "users").who
        'psql, pid 42, role ada, idle in transaction, its transaction open for 61 s: select 1'
        >>> Blocker(0, None, None, None, None, None, None).who
        'a prepared transaction (see pg_prepared_xacts)'
        """
        if not self.pid:
            return "a prepared transaction (see pg_prepared_xacts)"
        about = (
            self.application or "a session",
            f"pid {self.pid}",
            self.role and f"role {self.role}",
            self.host and f"from {self.host}",
            self.state,
            f"its transaction open for {self.seconds:.0f} s" if self.seconds is not None else None,
        )
        query = " ".join((self.query or "").split())
        said = query if len(query) <= LONGEST_QUERY else query[:LONGEST_QUERY] + "…"
        return ", ".join(filter(None, about)) + (f": {said}" if said else "")


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
    """A revision in the history, and whether the database has it.

    When, by whom and how long is known of what litxdb itself applied. `changed` is whether its file is another one now.
    """

    revision: str
    message: str
    applied: bool
    current: bool
    applied_at: datetime | None = None
    applied_by: str | None = None
    milliseconds: float | None = None
    changed: bool = False


@dataclass(frozen=True)
class Difference:
    """One object of the catalogue that differs; None where it does not exist."""

    kind: str
    object: str
    before: str | None
    after: str | None
