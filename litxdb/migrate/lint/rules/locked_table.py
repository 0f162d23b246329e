"""LOCK TABLE on a table with traffic."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule

WEAK = r"\bin\s+(access\s+share|row\s+share|row\s+exclusive)\s+mode\b"


def find(examined: Examined) -> Iterator[Hit]:
    for piece in examined.changes:
        if piece.says(r"^lock\b") and not piece.says(WEAK):
            for table in piece.tables:
                yield Hit("it stays locked until the revision commits", piece, table)


RULE = Rule(
    id="locked-table",
    level="warning",
    weighted=True,
    what="LOCK TABLE of an existing table, in a mode that writers wait for.",
    why="Whoever writes, or by default even reads, waits until the whole revision has committed.",
    remedy="Leave it out: each statement takes the lock that it needs. If it must be, make it the last but one.",
    find=find,
)
