"""REFRESH MATERIALIZED VIEW that readers wait for."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule


def find(examined: Examined) -> Iterator[Hit]:
    for piece in examined.changes:
        if piece.says(r"^refresh\b") and not piece.says(r"\bconcurrently\b|\bwith\s+no\s+data\b"):
            for view in piece.tables:
                yield Hit("nobody reads it until its query has run", piece, view)


RULE = Rule(
    id="blocking-refresh",
    level="error",
    weighted=True,
    what="REFRESH MATERIALIZED VIEW without CONCURRENTLY, of a view that was there before.",
    why="It holds ACCESS EXCLUSIVE for as long as the view's query takes.",
    remedy="REFRESH MATERIALIZED VIEW CONCURRENTLY (it needs a unique index), outside of the migration.",
    find=find,
)
