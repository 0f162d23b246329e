"""Searches for rows of a table with and without its index, and what the index missed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

from litxdb.vectors.sampling import portion

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor


@dataclass(frozen=True)
class Searches:
    """The index of a row of sql/doctor/vector_indexes.sql: `key` is what it holds, an expression or the column."""

    row: Any
    key: str
    nearest: int

    @classmethod
    def by(cls, cursor: Cursor, row: Any, nearest: int) -> Searches:
        """Ask for the index's expression."""
        cursor.execute("select pg_get_indexdef(%s, 1, true)", [row.oid])
        found: Any = cursor.fetchone()
        return cls(row, str(found[0]), nearest)

    def truth(
        self, cursor: Cursor, searches: int, enough: Callable[[int], bool]
    ) -> tuple[dict[str, list[float]], list[float]]:
        """Return some vectors of the table, each with the distances of its nearest, found without the index.

        And the milliseconds of each of these searches. `enough` hears how many there are, before each search;
        afterwards the transaction searches by the index.
        """
        row = self.row
        cursor.execute(
            f"select v::text from (select {self.key} as v from {row.table} {portion(row.rows, searches)}) s"
            f" where v is not null limit {searches}"
        )
        vectors = [str(vector) for (vector,) in cursor.fetchall()]
        cursor.execute("set local enable_indexscan = off")
        truth: dict[str, list[float]] = {}
        times = []
        for vector in vectors:
            if enough(len(truth)):
                break
            start = time.perf_counter()
            found = self.distances(cursor, vector)
            if found and not isnan(found[-1]):  # no direction: a vector of zeros, by cosine distance
                truth[vector] = found
                times.append((time.perf_counter() - start) * 1000)
        cursor.execute("set local enable_indexscan = on; set local enable_seqscan = off; set local enable_sort = off")
        return truth, times

    def recall(self, cursor: Cursor, truth: Mapping[str, list[float]]) -> tuple[float, list[float]]:
        """Return the share of the truly nearest that the index finds, as near counts as found, and each search's ms."""
        found = wanted = 0
        times = []
        for vector, nearest in truth.items():
            near_enough = nearest[-1] + abs(nearest[-1]) * 1e-9 + 1e-12
            start = time.perf_counter()
            distances = self.distances(cursor, vector)
            times.append((time.perf_counter() - start) * 1000)
            found += sum(distance <= near_enough for distance in distances)
            wanted += len(nearest)
        return found / wanted, times

    def distances(self, cursor: Cursor, vector: str) -> list[float]:
        """Search for the nearest of a vector, however this transaction is set to, and return their distances."""
        row = self.row
        literal = cursor.mogrify("%s", [vector]).decode()
        distance = f"{self.key} operator({row.schema}.{row.operator}) {literal}::{row.schema}.{row.type}"
        there = f"from {row.table} where {row.column} is not null"
        cursor.execute(f"select {distance} {there} order by {distance} limit {self.nearest}")
        return [float(each) for (each,) in cursor.fetchall()]
