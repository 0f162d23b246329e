"""Who waits for a revision, and how long: from the statements as they ran on the copy to what to expect on the target.

Which lock keeps whom out: https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from litxdb.migrate.captured import CapturedRevision, Effect, Statement
from litxdb.migrate.rehearsal.results import Filled, Hold, Rehearsed

BLOCKS = {
    "AccessExclusiveLock": "reads and writes",
    "ExclusiveLock": "writes",
    "ShareRowExclusiveLock": "writes",
    "ShareLock": "writes",
}
ROWS = "RowExclusiveLock"
MARGIN = 2.0
"""An estimate goes from half to twice the linear one: sorting grows faster than the rows, and storage differs."""

FEW_ROWS = 100
"""So many changed rows, and fewer, are nothing that others wait for."""

_CHANGES = re.compile(r"^\s*(?:with\b.*?\b)?(?:update|delete|merge)\b", re.IGNORECASE | re.DOTALL)
_WORKS = re.compile(
    r"^\s*(?:do|call|select|refresh|vacuum|cluster|reindex|analyze|create\s+materialized|insert\b.*\bselect"
    r"|create\s+(?:unlogged\s+)?table\b.*\bas\s+\(*\s*(?:select|values|with|table|execute))\b",
    re.IGNORECASE | re.DOTALL,
)


class Sizes:
    """How the copy's tables compare with the target's."""

    def __init__(self, filled: Collection[Filled]) -> None:
        self._filled = {each.table: each for each in filled}

    def ratio(self, tables: Collection[str]) -> float:
        """Return how many times larger the largest of these is on the target; 1 where it is as large here."""
        found = (self._filled[name] for name in tables if name in self._filled)
        return max((max(1.0, each.target_rows / each.rows) for each in found if each.rows), default=1.0)

    def empty(self, tables: Collection[str]) -> bool:
        """Whether one of these has rows on the target and none here."""
        found = (self._filled[name] for name in tables if name in self._filled)
        return any(each.target_rows and not each.rows for each in found)

    def rows(self, table: str) -> tuple[int, int]:
        """Return the rows of a table, on the target and here."""
        each = self._filled.get(table)
        return (each.target_rows, each.rows) if each else (0, 0)


def measured(done: CapturedRevision, existing: Collection[str], sizes: Sizes) -> tuple[list[Rehearsed], list[Hold]]:
    """Return a revision's statements, and the locks that it held on tables that existed before the rehearsal."""
    rows: list[Rehearsed] = []
    holds: list[Hold] = []
    for transaction in _transactions(done.statements):
        held: dict[str, str] = {}
        ran: list[tuple[Rehearsed, bool]] = []
        for statement in transaction:
            effect = statement.effect or Effect()
            locks = {table: lock for table, lock in effect.locks.items() if table in existing}
            held.update(locks)
            involved = _involved(statement, effect, locks, held)
            row = _row(done.revision, len(rows) + 1, statement, effect, locks, sizes.ratio(involved))
            rows.append(row)
            ran.append((row, not (_linear(statement, effect) and sizes.empty(involved))))
        holds += _holds(ran)
    return rows, holds


def _transactions(statements: Collection[Statement]) -> Iterator[list[Statement]]:
    """Split what a revision sent: what ran outside a transaction is one of its own, and commits the one before it."""
    together: list[Statement] = []
    for statement in statements:
        if statement.autocommit:
            yield together
            yield [statement]
            together = []
        else:
            together.append(statement)
    yield together


def _row(
    revision: str, number: int, statement: Statement, effect: Effect, locks: Mapping[str, str], ratio: float
) -> Rehearsed:
    milliseconds = statement.milliseconds
    low = high = milliseconds
    if ratio > 1 and _linear(statement, effect):
        high = milliseconds * ratio * MARGIN
        # an UPDATE may go by an index: then it takes no longer there
        low = milliseconds * max(1.0, ratio / MARGIN) if _reads_all(effect) else milliseconds
    changed = max(statement.rows, 0) if _CHANGES.match(statement.sql) else 0
    worked = effect.rewrites, effect.scans, effect.builds, effect.wal_bytes
    return Rehearsed(
        revision, number, statement.sql, milliseconds, low, high, statement.autocommit, locks, *worked, changed
    )


def _holds(ran: list[tuple[Rehearsed, bool]]) -> Iterator[Hold]:
    for place, (row, _) in enumerate(ran):
        after = ran[place:]
        for table, lock in row.locks.items():
            blocks = BLOCKS.get(lock)
            if lock == ROWS and row.changed > FEW_ROWS:
                blocks = f"changes of {row.changed:,} rows"
            yield Hold(
                revision=row.revision,
                table=table,
                lock=lock,
                blocks=blocks,
                milliseconds=sum(each.milliseconds for each, _ in after),
                low=sum(each.low for each, _ in after),
                high=sum(each.high for each, _ in after),
                cause=max((each for each, _ in after), key=lambda each: each.high),
                tested=all(tested for _, tested in after),
            )


def _involved(
    statement: Statement, effect: Effect, locks: Mapping[str, str], held: Mapping[str, str]
) -> Collection[str]:
    """Return the tables that a statement works through, as far as that is known: those it works on, locks or names."""
    if _reads_all(effect):
        return {*effect.rewrites, *effect.scans, *effect.builds}
    named = [table for table in held if table.rpartition(".")[2].strip('"') in statement.sql]
    return {*locks, *named} or (() if statement.reads else set(held))


def _reads_all(effect: Effect) -> bool:
    return bool(effect.rewrites or effect.scans or effect.builds)


def _linear(statement: Statement, effect: Effect) -> bool:
    """Whether the statement takes the longer the more rows there are."""
    return _reads_all(effect) or bool(_CHANGES.match(statement.sql) or _WORKS.match(statement.sql))
