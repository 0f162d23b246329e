"""Long work in a transaction that already holds a strong lock."""

from __future__ import annotations

from collections.abc import Iterator

from litxdb.migrate.lint.judging import Examined, Hit, Rule
from litxdb.migrate.lint.pieces import Piece

STRONG = ("ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
"""Modes that writers wait for, and that statements about the schema take."""


def find(examined: Examined) -> Iterator[Hit]:
    for together in examined.transactions:
        held: dict[str, Piece] = {}
        for piece in together:
            long = [table for table in piece.tables if not table.small and _works(piece)]
            earlier = {name for name, holder in held.items() if holder.statement is not piece.statement}
            if long and earlier:
                names = ", ".join(sorted(earlier))
                yield Hit(f"it is gone through while an earlier statement keeps {names} locked", piece, long[0])
                break
            effect = piece.statement.effect
            for name, mode in (effect.locks if effect else {}).items():
                if mode in STRONG:
                    held.setdefault(name, piece)


def _works(piece: Piece) -> bool:
    effect = piece.statement.effect
    measured = effect is not None and bool(effect.rewrites or effect.scans or effect.builds)
    return measured or bool(piece.written)


RULE = Rule(
    id="work-under-lock",
    level="error",
    weighted=True,
    what="A scan, rewrite, index build or bulk write of a big table, in a transaction that took a strong lock before.",
    why="The lock of the earlier statement, harmless by itself, is now held for as long as the work takes.",
    remedy="Two revisions: the change that needs the lock in one, the work in the next.",
    find=find,
)
