"""Indexes that another one makes superfluous.

Two indexes can stand in for one another only when access method, operator classes, collations and predicate agree: a
text_pattern_ops index answers LIKE, one with COLLATE "C" orders otherwise, a partial one is smaller on purpose.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from litxdb.catalog.indexes import Index

LOSSLESS_ORDER = "btree"
"""The access method whose leading columns are an index of their own: https://www.postgresql.org/docs/current/indexes-multicolumn.html"""

IN_ANY_ORDER = frozenset({"gin", "bloom", "brin"})
"""Those that do not care about the order of their columns."""

REVERSED = 0b11
"""DESC and NULLS FIRST: read backwards, an index has both of all its columns turned round."""


class Likeness(enum.StrEnum):
    """How an index resembles the one that makes it superfluous."""

    DUPLICATE = "duplicate"
    """The same, storage parameters aside (m and ef_construction of an HNSW index, say)."""
    REDUNDANT = "redundant"
    """The other one begins with the same columns, or includes more."""
    REVERSED = "reversed"
    """The same or redundant, read backwards; probably superfluous, as PostgreSQL reads a btree in both directions."""


@dataclass(frozen=True)
class Duplicate:
    """An index that can go, the one that stays, and how to drop it.

    Names are quoted and have their schema, as the statement has; `bytes` are those of the index that can go.
    """

    index: str
    covered_by: str
    likeness: Likeness
    table: str
    bytes: int
    drop: str
    index_oid: int
    covered_by_oid: int


def find_duplicates(indexes: Iterable[Index]) -> list[Duplicate]:
    """Find the indexes that another one makes superfluous, each once, with one that is not superfluous itself.

    An index that carries a constraint, is unique, clustered or the replica identity outlives its duplicate. One that
    belongs to a partitioned table's index cannot be dropped by itself, and is told of there.
    """
    tables: dict[int, list[Index]] = defaultdict(list)
    for index in indexes:
        if index.is_usable:
            tables[index.table_oid].append(index)
    found = [each for together in tables.values() if len(together) > 1 for each in _among(together)]
    return sorted(found, key=lambda each: (list(Likeness).index(each.likeness), -each.bytes, each.index))


def _among(together: list[Index]) -> Iterator[Duplicate]:
    ranked = sorted(together, key=_worth, reverse=True)
    covers = {index.oid: _covers(index, ranked) for index in ranked}
    for index in ranked:
        staying = [(rank, other) for rank, other in covers[index.oid] if not covers[other.oid]]
        if staying:
            rank, other = min(staying, key=lambda pair: (pair[0], len(pair[1].keys) + len(pair[1].included)))
            likeness, drop = list(Likeness)[rank], _drop(index)
            yield Duplicate(index.name, other.name, likeness, index.table, index.bytes, drop, index.oid, other.oid)


def _covers(index: Index, ranked: list[Index]) -> list[tuple[int, Index]]:
    """Return the indexes that make this one superfluous, each with the rank of its likeness."""
    if index.is_attached:
        return []
    found = ((_likeness(index, other, ranked), other) for other in ranked)
    return [(list(Likeness).index(likeness), other) for likeness, other in found if likeness]


def _worth(index: Index) -> tuple[object, ...]:
    """Rank an index by what it does beside being an index; of two that do the same, the older one is worth more."""
    return (
        index.is_primary,
        index.is_replica_identity,
        index.is_referenced,
        index.constraint is not None,
        index.is_unique,
        index.is_clustered,
        index.is_attached,
        -index.oid,
    )


def _likeness(index: Index, other: Index, ranked: list[Index]) -> Likeness | None:
    """Say how `other` makes `index` superfluous, if it does."""
    likeness = _by_columns(index, other) if index is not other else None
    if likeness is None or index.is_exclusion or not _as_strict(other, index):
        return None
    if index.is_primary or index.is_replica_identity or index.is_referenced:
        return None
    if likeness in (Likeness.DUPLICATE, Likeness.REVERSED) and _mutual(index, other):
        return likeness if ranked.index(other) < ranked.index(index) else None
    return likeness


def _mutual(index: Index, other: Index) -> bool:
    """Tell whether `index` would do for `other` as well, so that one of the two has to be chosen."""
    droppable = not (other.is_primary or other.is_replica_identity or other.is_referenced or other.is_exclusion)
    return droppable and not other.is_attached and _as_strict(index, other)


def _as_strict(other: Index, index: Index) -> bool:
    """Tell whether `other` enforces whatever uniqueness `index` does."""
    if not index.is_unique:
        return True
    return (
        other.is_unique
        and sorted(map(str, index.keys)) == sorted(map(str, other.keys))
        and (other.is_primary or other.nulls_not_distinct or not index.nulls_not_distinct)
        and (other.is_immediate or not index.is_immediate)
    )


def _by_columns(index: Index, other: Index) -> Likeness | None:
    if index.method != other.method or index.predicate != other.predicate or len(index.keys) > len(other.keys):
        return None
    if index.method not in IN_ANY_ORDER and index.keys != other.keys[: len(index.keys)]:
        return None  # most pairs, known before anything is put together
    mine, theirs = _columns(index), _columns(other)
    if index.method in IN_ANY_ORDER and len(mine) == len(theirs):
        mine, theirs = sorted(mine, key=str), sorted(theirs, key=str)
    count = len(mine)
    if index.method != LOSSLESS_ORDER:
        return Likeness.DUPLICATE if mine == theirs and index.included == other.included else None
    reachable = other.included | {key for key in other.keys if isinstance(key, int)}
    if not index.included <= reachable:
        return None
    if mine == theirs[:count]:
        same = count == len(theirs) and index.included == other.included
        return Likeness.DUPLICATE if same else Likeness.REDUNDANT
    if [(*each[:3], each[3] ^ REVERSED) for each in mine] == theirs[:count]:
        return Likeness.REVERSED
    return None


def _columns(index: Index) -> list[tuple[object, object, int, int]]:
    return list(zip(index.keys, index.classes, index.collations, index.directions, strict=True))


def _drop(index: Index) -> str:
    """Write how to drop it; a partitioned index, and one of a constraint, cannot go CONCURRENTLY."""
    if index.constraint is not None:
        return f"alter table {index.table} drop constraint {index.constraint}"
    return f"drop index {'' if index.is_partitioned else 'concurrently '}{index.name}"
