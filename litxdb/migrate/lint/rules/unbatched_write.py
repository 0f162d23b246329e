"""UPDATE or DELETE of many rows in one statement."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule


def find(examined: Examined) -> Iterator[Hit]:
    for piece in examined.changes:
        for table in piece.written:
            if not piece.says(r"\bwhere\b"):
                yield Hit("every row is written in one statement", piece, table)
            elif not piece.statement.autocommit and not table.small:
                message = "all rows that match are written in one transaction"
                yield Hit(message, piece, table, level="warning")


RULE = Rule(
    id="unbatched-write",
    level="error",
    weighted=True,
    what="An UPDATE or DELETE without WHERE, or with one on a big table and inside the revision's transaction.",
    why="Every row stays locked until the revision commits, autovacuum cannot clean up meanwhile, and the table grows "
    "by as many dead rows.",
    remedy="Write in batches of some thousand rows by primary key, each in a transaction of its own "
    "(op.get_context().autocommit_block()), or from a job after the migration.",
    find=find,
)
