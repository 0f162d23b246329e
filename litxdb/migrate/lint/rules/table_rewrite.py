"""A table that was rewritten when the revision ran."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule


def find(examined: Examined) -> Iterator[Hit]:
    for piece in examined.changes:
        for name in piece.rewrites:
            table = examined.existing.get(name)
            if table is not None and (table in piece.tables or not piece.tables):
                yield Hit("it is written anew under ACCESS EXCLUSIVE (measured)", piece, table)


RULE = Rule(
    id="table-rewrite",
    level="error",
    weighted=True,
    overlaps=("volatile-default", "changing-column-type", "adding-field-with-default", "rewriting-command"),
    what="The server rewrote an existing table when the revision ran on the scratch database.",
    why="Nobody reads or writes the table until it is copied and all its indexes are built again: on two slow cores "
    "300,000 narrow rows took between 0.9 and 4 s.",
    remedy="Add a column beside the old one, have the code write both, fill it in batches, then switch over.",
    find=find,
)
