"""What a rule is, what it looks at, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from litxdb.migrate.captured import CapturedRevision
from litxdb.migrate.graph import Revision
from litxdb.migrate.lint.pieces import Piece
from litxdb.migrate.lint.relations import Relation

LEVELS = ("info", "warning", "error")
"""From what is worth knowing to what stops traffic or loses rows."""


@dataclass(frozen=True)
class Examined:
    """A revision as it was run: its statements, the tables that were there before, and how its downgrade went.

    `source` is the text of its file, `pieces` are the statements of `done` one by one, `refusal` is what the downgrade
    failed with, `made` what the whole run creates.
    """

    revision: Revision
    done: CapturedRevision
    source: str
    pieces: tuple[Piece, ...]
    existing: Mapping[str, Relation] = field(default_factory=dict, hash=False)
    refusal: str | None = None
    made: frozenset[str] = frozenset()

    @property
    def changes(self) -> Iterator[Piece]:
        """Its statements that change something."""
        return (piece for piece in self.pieces if piece.changes)

    @property
    def transactions(self) -> Iterator[tuple[Piece, ...]]:
        """Its changes, by the transactions that they run in; what runs outside of one is left out."""
        together: list[Piece] = []
        for piece in self.pieces:
            if piece.statement.autocommit:
                yield tuple(together)
                together = []
            elif piece.changes:
                together.append(piece)
        yield tuple(together)


@dataclass(frozen=True)
class Hit:
    """What a rule found: of which statement and table, and in its words; `level` where it is not the rule's own."""

    message: str
    piece: Piece | None = None
    table: Relation | None = None
    line: int | None = None
    level: str | None = None


@dataclass(frozen=True)
class Rule:
    """A defect by its name, ours (`find` finds it) or squawk's.

    A `weighted` one matters by the size of the table: of a small one it is only worth knowing. `overlaps` names rules
    that say the same better, where they have found something in the same statement. `needs` is for squawk's: what must
    have been measured (rewrites, scans, builds), or else the finding is wrong.
    """

    id: str
    level: str
    what: str
    remedy: str
    why: str = ""
    weighted: bool = False
    overlaps: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    find: Callable[[Examined], Iterable[Hit]] | None = None

    @property
    def page(self) -> str:
        """Where squawk explains it, or nothing."""
        return "" if self.find else f"https://squawkhq.com/docs/{self.id}"


def largest(tables: Iterable[Relation]) -> Relation | None:
    """Return the biggest of the tables; one whose size is unknown counts as that.

    >>> largest([Relation("a", 5, 8192), Relation("b", 9, 16384)]).name
    'b'
    """
    return max(tables, key=weight, default=None)


def weight(table: Relation | None) -> float:
    """Return what a table is sorted by: its bytes, infinite when unknown, less than nothing without a table."""
    if table is None:
        return -1
    return float("inf") if table.rows is None else table.bytes or 0
