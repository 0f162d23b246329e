"""What migrating returns, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


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

    `repaired` is whether a run of migrate has mended it; `reason` why it could not. `meant_by` is the applied revision
    that leaves it so on purpose: then no run mends it.
    """

    kind: str
    object: str
    table: str
    statement: str
    repaired: bool = False
    reason: str | None = None
    meant_by: str | None = None


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
class Difference:
    """One object of the catalog that differs; None where it does not exist."""

    kind: str
    object: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class LintFinding:
    """A defect of a revision: which rule says so, where, of which table, how big that is on the target, what mends it.

    `level` is error, warning or info; `rows` and `bytes` are None when unknown; `accepted` is the reason why it does
    not count, if somebody gave one.
    """

    level: str
    rule: str
    revision: str
    table: str | None
    rows: int | None
    bytes: int | None
    message: str
    remedy: str
    statement: str | None
    file: str
    line: int
    accepted: str | None = None
