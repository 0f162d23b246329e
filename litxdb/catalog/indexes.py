"""Indexes as the catalog has them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.catalog import trees

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

Key = int | str
"""A column by its number, or an expression by its tree."""

Class = tuple[int, int]
"""An operator class by what it does: its family, and the type that it indexes."""


@dataclass(frozen=True)
class Index:
    """An index; names are quoted and have their schema. `included` are the columns that are no keys.

    `is_usable` means valid, ready and live. Bytes and rows are those of the last VACUUM or ANALYZE.
    """

    oid: int
    name: str
    table_oid: int
    table: str
    method: str
    keys: tuple[Key, ...]
    included: frozenset[int]
    classes: tuple[Class, ...]
    collations: tuple[int, ...]
    directions: tuple[int, ...]
    predicate: str | None
    is_unique: bool
    is_primary: bool
    is_exclusion: bool
    is_immediate: bool
    nulls_not_distinct: bool
    is_usable: bool
    is_replica_identity: bool
    is_clustered: bool
    is_partitioned: bool
    is_attached: bool
    is_referenced: bool
    constraint: str | None
    bytes: int
    rows: int | None
    settings: str | None


def read_indexes(connection: Connection) -> list[Index]:
    """Read all indexes of users' tables; waits for no lock on any of them."""
    version = connection.info.server_version
    classes = {
        row["oid"]: (row["family"], row["type"])
        for row in queries.load("relations", "operator_classes", version).run(connection)
    }
    found = []
    for row in queries.load("relations", "indexes", version).run(connection):
        count = row.pop("key_count")
        columns = _numbers(row.pop("columns"))
        expressions = row.pop("expressions")
        keys: tuple[Key, ...] = columns[:count]
        if expressions:
            in_turn = iter(trees.split(trees.plain(expressions)))
            keys = tuple(column or next(in_turn) for column in columns[:count])
        predicate = row.pop("predicate")
        found.append(
            Index(
                keys=keys,
                included=frozenset(columns[count:]),
                classes=tuple(classes[oid] for oid in _numbers(row.pop("classes"))[:count]),
                collations=_numbers(row.pop("collations"))[:count],
                directions=_numbers(row.pop("directions"))[:count],
                predicate=trees.plain(predicate) if predicate else None,
                **row,
            )
        )
    return found


@functools.lru_cache(maxsize=4096)  # thousands of indexes, few different lists
def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))
