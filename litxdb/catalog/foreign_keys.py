"""Foreign keys that no index serves: deleting or updating a referenced row then reads the whole referencing table.

https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.catalog import trees
from litxdb.catalog.indexes import Index

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key; names are quoted and have their schema. A partitioned table's stands for its partitions'.

    `rows` is None when the table was never analyzed; `referenced_writes` are deletes and updates of referenced rows
    since the statistics began.
    """

    oid: int
    name: str
    table_oid: int
    table: str
    is_partitioned: bool
    columns: tuple[int, ...]
    column_names: str
    collations: tuple[int, ...]
    operators: tuple[int, ...]
    referenced: str
    rows: int | None
    bytes: int
    referenced_writes: int


@dataclass(frozen=True)
class ForeignKeys:
    """All foreign keys, and what judging them needs: leaf partitions by table, and (family, operator) for equality."""

    keys: tuple[ForeignKey, ...]
    partitions: Mapping[int, tuple[int, ...]]
    equality: frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Uncovered:
    """A foreign key without an index, and the statement that makes one.

    `partly` names an index that at least begins with some of its columns.
    """

    key: ForeignKey
    partly: str | None
    create: str


def read_foreign_keys(connection: Connection) -> ForeignKeys:
    """Read all foreign keys; waits for no lock on any table."""
    version = connection.info.server_version

    def ask(name: str) -> list[dict[str, Any]]:
        return queries.load("relations", name, version).run(connection)

    numbers = ("columns", "collations", "operators")
    keys = [ForeignKey(**row | {name: _numbers(row[name]) for name in numbers}) for row in ask("foreign_keys")]
    equality = frozenset((row["family"], row["operator"]) for row in ask("equality_operators"))
    return ForeignKeys(tuple(keys), _leaves(ask("partitions")), equality)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))


def _leaves(rows: Iterable[Mapping[str, Any]]) -> dict[int, tuple[int, ...]]:
    """Return each partitioned table's leaf partitions, however deep.

    >>> middle = {"parent_oid": 1, "table_oid": 2, "is_leaf": False}
    >>> _leaves([middle, {"parent_oid": 2, "table_oid": 3, "is_leaf": True}])
    {1: (3,), 2: (3,)}
    """
    children: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        children[row["parent_oid"]].append(row)

    def below(parent: int) -> list[int]:
        found: list[int] = []
        for row in children[parent]:
            found += [row["table_oid"]] if row["is_leaf"] else below(row["table_oid"])
        return found

    return {parent: tuple(below(parent)) for parent in list(children)}


def find_uncovered(foreign_keys: ForeignKeys, indexes: Iterable[Index]) -> list[Uncovered]:
    """Find the foreign keys that no index serves, those of the largest tables first.

    An index serves one when its first keys are the foreign key's columns in any order, its operator classes and
    collations are those of the comparison, and every row with a value is in it. BRIN finds no single row, and INCLUDE
    columns are not searched.
    """
    tables: dict[int, list[Index]] = defaultdict(list)
    for index in indexes:
        if index.is_usable:
            tables[index.table_oid].append(index)
    found = []
    for key in foreign_keys.keys:
        served = [(index, _length(key, index, foreign_keys.equality)) for index in tables[key.table_oid]]
        if any(length == len(key.columns) for _, length in served):
            continue
        leaves = foreign_keys.partitions.get(key.table_oid, ()) if key.is_partitioned else ()
        if leaves and all(_serve(key, tables[leaf], foreign_keys.equality) for leaf in leaves):
            continue
        beginning = max((pair for pair in served if pair[1]), key=lambda pair: pair[1], default=None)
        found.append(Uncovered(key, beginning[0].name if beginning else None, _create(key)))
    return sorted(found, key=lambda each: (-each.key.bytes, each.key.table, each.key.name))


def _serve(key: ForeignKey, indexes: Sequence[Index], equality: frozenset[tuple[int, int]]) -> bool:
    return any(_length(key, index, equality) == len(key.columns) for index in indexes)


def _length(key: ForeignKey, index: Index, equality: frozenset[tuple[int, int]]) -> int:
    """Count the first keys of the index that a search for the foreign key's columns can use."""
    if index.predicate is not None and not trees.demands_only_values(index.predicate, key.columns):
        return 0
    length = 0
    for column, (family, _), collation in zip(index.keys, index.classes, index.collations, strict=True):
        place = key.columns.index(column) if isinstance(column, int) and column in key.columns else None
        if place is None or (family, key.operators[place]) not in equality or collation != key.collations[place]:
            break
        length += 1
    return length


def _create(key: ForeignKey) -> str:
    """Write the statement; a partitioned table takes no CONCURRENTLY."""
    return f"create index {'' if key.is_partitioned else 'concurrently '}on {key.table} ({key.column_names})"
