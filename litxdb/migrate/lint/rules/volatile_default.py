"""A new column whose default differs from row to row."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule


def find(examined: Examined) -> Iterator[Hit]:
    for piece in examined.changes:
        if piece.says(r"^alter\s+table\b.*\badd\b.*\bdefault\b"):
            for table in piece.tables:
                if table.name in piece.rewrites:
                    yield Hit(
                        "the default is computed for each row, and the table written anew (measured)", piece, table
                    )


RULE = Rule(
    id="volatile-default",
    level="error",
    weighted=True,
    what="ADD COLUMN with a DEFAULT that calls a volatile function (gen_random_uuid(), clock_timestamp(), nextval()); "
    "measured, as the table was rewritten.",
    why="A constant, or now(), is stored once and takes a moment. A volatile one is computed for every row, and the "
    "table and all its indexes are written anew under ACCESS EXCLUSIVE.",
    remedy="ADD COLUMN without a default, ALTER COLUMN … SET DEFAULT, then fill the old rows in batches.",
    find=find,
)
