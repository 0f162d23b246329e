"""Changes that are committed before the revision is done."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule

RERUNNABLE = r"\bif\s+(not\s+)?exists\b|\bor\s+replace\b"


def find(examined: Examined) -> Iterator[Hit]:
    blocks = [index for index, piece in enumerate(examined.pieces) if piece.statement.autocommit and piece.changes]
    if not blocks:
        return
    for piece in examined.pieces[: blocks[0]]:
        if piece.changes and not piece.says(RERUNNABLE):
            yield Hit("it is committed by the autocommit_block that follows, before the revision is", piece)
            return


RULE = Rule(
    id="change-before-autocommit",
    level="warning",
    what="A statement that cannot be run twice, before an autocommit_block of the same revision.",
    why="The block commits what came before it. If the block then fails, as an index build may, that change stands "
    "although the database is not at this revision, and the next run fails on it.",
    remedy="Put the autocommit_block into a revision of its own, or write IF NOT EXISTS into what comes before it.",
    find=find,
)
