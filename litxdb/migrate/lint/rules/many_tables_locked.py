"""One transaction that locks many tables against everybody."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule, largest

TABLES_AT_ONCE = 3
"""A project's last 20 revisions held 13 existing tables at once in one transaction, and 2 with one a revision; three is
what a revision about one thing (a table, its parent, its link table) may need."""


def find(examined: Examined) -> Iterator[Hit]:
    for together in examined.transactions:
        effects = [piece.statement.effect for piece in together if piece.statement.effect]
        names = {name for effect in effects for name, mode in effect.locks.items() if mode == "AccessExclusiveLock"}
        tables = [table for name, table in examined.existing.items() if name in names]
        if len(tables) > TABLES_AT_ONCE:
            listed = ", ".join(table.name for table in tables)
            level = "info" if all(table.small for table in tables) else None
            yield Hit(f"{len(tables)} existing tables are under ACCESS EXCLUSIVE at once: {listed}",
                      together[-1], largest(tables), level=level)  # fmt: skip


RULE = Rule(
    id="many-tables-locked",
    level="warning",
    what=f"More than {TABLES_AT_ONCE} existing tables under ACCESS EXCLUSIVE in one transaction (measured).",
    why="Each waits for its readers while those before it are closed already, and a transaction that uses two of them "
    "in another order is a deadlock.",
    remedy="Split the revision: one table, one revision, one transaction.",
    find=find,
)
