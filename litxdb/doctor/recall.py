"""How much of what is nearest an approximate index finds, measured."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

from litxdb.doctor.results import Reason, Skip
from litxdb.doctor.samples import portion

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from litxdb.doctor.reading import Deadline

GOOD = 0.9
NEAREST = 10
SEARCHES = 10
FEWEST_SEARCHES = 3
LEAST_ROWS = 1000
"""In fewer rows a search by the index sees nearly all of them."""

MOST_BYTES = 1 << 30
"""Each exact search reads all vectors."""

PARAMETERS = {"hnsw": ("hnsw.ef_search", 1000), "ivfflat": ("ivfflat.probes", 32768)}
"""What widens a search, and how far: https://github.com/pgvector/pgvector#query-options"""

COMFORT_SECONDS = 1.0
"""With less of the examination's time left, the searches that were made have to do."""


@dataclass(frozen=True)
class Recall:
    """What was measured, with the parameter's value then, and the smallest value that was enough, if one was."""

    recall: float
    searches: int
    parameter: str
    value: int
    enough: int | None


def measurable(row: Any) -> bool:
    """Tell whether an index answers by itself: one on bits alone gives candidates that are to be ordered again."""
    return bool(row.valid and not row.partial and row.type != "bit" and row.rows >= LEAST_ROWS)


def measure(cursor: Cursor, row: Any, deadline: Deadline | None) -> Recall:
    """Search for rows of the table with and without the index. Raises Skip where that would read too much."""
    if row.rows * (row.dimensions or 0) * 4 > MOST_BYTES:
        raise Skip(Reason.TOO_BIG, f"{row.table} holds more than 1 GB of vectors: recall is not measured.")
    cursor.execute("select pg_get_indexdef(%s, 1, true)", [row.oid])
    key = _one(cursor)
    parameter, most = PARAMETERS[row.method]
    cursor.execute("select current_setting(%s)", [parameter])
    value = int(_one(cursor))
    truth = _truth(cursor, row, key, deadline)
    if not truth:
        raise Skip(Reason.NOTHING_THERE, f"No vector was found in {row.table}.")
    recall, enough, tried = _recall(cursor, row, key, truth), None, value
    while recall < GOOD and enough is None and tried < min(most, row.lists if row.method == "ivfflat" else most):
        tried = min(tried * 2, most)
        cursor.execute("select set_config(%s, %s, true)", [parameter, str(tried)])
        enough = tried if _recall(cursor, row, key, truth) >= GOOD else None
    return Recall(recall, len(truth), parameter, value, enough)


def _one(cursor: Cursor) -> str:
    found: Any = cursor.fetchone()
    return str(found[0])


def _truth(cursor: Cursor, row: Any, key: str, deadline: Deadline | None) -> dict[str, list[float]]:
    """Return some vectors of the table, each with the distances of its nearest, found without the index."""
    cursor.execute(
        f"select v::text from (select {key} as v from {row.table} {portion(row.rows, SEARCHES)}) s"
        f" where v is not null limit {SEARCHES}"
    )
    vectors = [str(vector) for (vector,) in cursor.fetchall()]
    cursor.execute("set local enable_indexscan = off")
    truth: dict[str, list[float]] = {}
    for vector in vectors:
        if len(truth) >= FEWEST_SEARCHES and deadline is not None and deadline.left < COMFORT_SECONDS:
            break
        nearest = _distances(cursor, row, key, vector)
        if nearest and not isnan(nearest[-1]):  # no direction: a vector of zeros, by cosine distance
            truth[vector] = nearest
    cursor.execute("set local enable_indexscan = on; set local enable_seqscan = off")
    return truth


def _recall(cursor: Cursor, row: Any, key: str, truth: dict[str, list[float]]) -> float:
    """Return the share of the truly nearest that the index finds; as near counts as found."""
    found = wanted = 0
    for vector, nearest in truth.items():
        near_enough = nearest[-1] + abs(nearest[-1]) * 1e-9 + 1e-12
        found += sum(distance <= near_enough for distance in _distances(cursor, row, key, vector))
        wanted += len(nearest)
    return found / wanted


def _distances(cursor: Cursor, row: Any, key: str, vector: str) -> list[float]:
    literal = cursor.mogrify("%s", [vector]).decode()
    distance = f"{key} operator({row.schema}.{row.operator}) {literal}::{row.schema}.{row.type}"
    cursor.execute(
        f"select {distance} from {row.table} where {row.column} is not null order by {distance} limit {NEAREST}"
    )
    return [float(each) for (each,) in cursor.fetchall()]
