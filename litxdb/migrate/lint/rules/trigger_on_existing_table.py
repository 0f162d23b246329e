"""CREATE TRIGGER on a table with traffic."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule


def find(examined: Examined) -> Iterator[Hit]:
    for piece in examined.changes:
        if piece.says(r"^create\s+(or\s+replace\s+)?(constraint\s+)?trigger\b"):
            for table in piece.tables:
                yield Hit("writers wait until the revision commits, and from then on run the trigger", piece, table)


RULE = Rule(
    id="trigger-on-existing-table",
    level="warning",
    weighted=True,
    what="CREATE TRIGGER on a table that was there before.",
    why="It takes SHARE ROW EXCLUSIVE: writes wait until the transaction ends. Afterwards every write runs it, "
    "that of code deployed before it too.",
    remedy="Create it in a revision that does nothing else, so that the lock is short.",
    find=find,
)
