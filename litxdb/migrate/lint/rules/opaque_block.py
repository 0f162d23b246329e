"""A DO block, in which nothing can be read beforehand."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule, largest


def find(examined: Examined) -> Iterator[Hit]:
    for piece in examined.changes:
        if piece.says(r"^do\b"):
            touched = dict(piece.statement.effect.locks) if piece.statement.effect else {}
            tables = [table for name, table in examined.existing.items() if name in touched]
            seen = f"on the scratch database it locked {', '.join(sorted(touched))}" if touched else (
                "on the scratch database, which has no rows, it locked no existing table")  # fmt: skip
            yield Hit(f"what the block does is not examined; {seen}", piece, largest(tables),
                      level=None if touched else "info")  # fmt: skip


RULE = Rule(
    id="opaque-block",
    level="warning",
    what="A DO block. Its locks and rewrites on the scratch database are measured, but no other rule reads its text.",
    why="What it does may depend on rows that only the target has: on a scratch database a loop over them is idle.",
    remedy="Send plain statements from the revision's Python instead, or read the block with care.",
    find=find,
)
