"""The parts of a snapshot: which query reads each, what it holds, and how it is written down."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from litxdb.snapshots.results import DatabaseFigures, IndexFigures, SequenceFigures, StatementFigures, TableFigures

Figures = TypeVar("Figures", bound=NamedTuple)
Row = tuple[Any, ...]

OURS = frozenset({"seen_at", "observed_before"})
"""Fields that no query returns."""


@dataclass(frozen=True)
class Part(Generic[Figures]):
    """One part; `name` is its file in sql/snapshots, `key` the column that tells its rows apart.

    `counters` are the fields that only grow, until somebody resets them. Where the server tells of some things only, so
    many of the others are `remembered`, until it tells of them again.
    """

    name: str
    key: str
    figures: type[Figures]
    counters: frozenset[str]
    remembered: int = 0

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields in their order."""
        return self.figures._fields

    @property
    def told(self) -> tuple[str, ...]:
        """Those that the query returns, which come first."""
        return tuple(name for name in self.fields if name not in OURS)

    def rows(self, found: Iterable[Mapping[str, Any]]) -> dict[int, Row]:
        """Return a query's answer as rows by their key, without the fields that are ours to fill in."""
        return {row[self.key]: tuple(row[name] for name in self.told) for row in found}


DATABASE = Part("database", "database_oid", DatabaseFigures, frozenset(DatabaseFigures._fields[3:]))
TABLES = Part("tables", "oid", TableFigures, frozenset(TableFigures._fields[5:12]))
INDEXES = Part("indexes", "oid", IndexFigures, frozenset({"scans"}))
SEQUENCES = Part("sequences", "oid", SequenceFigures, frozenset())
STATEMENTS = Part("statements", "queryid", StatementFigures, frozenset({"calls", "total_ms", "rows"}), remembered=1000)
PARTS: tuple[Part[Any], ...] = (TABLES, INDEXES, SEQUENCES, STATEMENTS)
"""Those beside the database itself, which a snapshot can do without."""


def packed(rows: Mapping[int, Row], fields: tuple[str, ...]) -> bytes:
    """Write rows down: JSON by columns, because alike values side by side compress well.

    >>> unpacked(packed({7: (1, None), 9: (2, 0.5)}, ("a", "b")), ("b", "a", "new"))
    {7: (None, 1, None), 9: (0.5, 2, None)}
    """
    columns = list(zip(*rows.values(), strict=True)) if rows else [() for _ in fields]
    content = {"key": list(rows), **dict(zip(fields, columns, strict=True))}
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 6)


def unpacked(content: bytes, fields: tuple[str, ...]) -> dict[int, Row]:
    """Read them back; a field that was not written yet is None. Raises ValueError for anything else."""
    columns = json.loads(zlib.decompress(content))
    try:
        keys = columns["key"]
        nothing = [None] * len(keys)
        return dict(zip(keys, zip(*(columns.get(name, nothing) for name in fields), strict=True), strict=True))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("not what was written") from error
