"""TRUNCATE of a table that holds somebody's rows."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule


def find(examined: Examined) -> Iterator[Hit]:
    for piece in examined.changes:
        if piece.says(r"^truncate\b"):
            for table in piece.tables:
                yield Hit("all its rows are gone when this commits", piece, table)


RULE = Rule(
    id="truncated-table",
    level="error",
    what="TRUNCATE of a table that was there before, whatever its size.",
    why="The rows are gone, a downgrade does not bring them back, and until the commit nobody reads the table.",
    remedy="If the rows may go, take a backup, and accept the rule by name; else DELETE what may go, in batches.",
    find=find,
)
