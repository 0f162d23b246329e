"""How much of what is nearest an approximate index finds, measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litxdb.doctor.results import Reason, Skip
from litxdb.vectors.searching import Searches

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from litxdb.doctor.deadline import Deadline

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
    by_index = Searches.by(cursor, row, NEAREST)
    parameter, most = PARAMETERS[row.method]
    cursor.execute("select current_setting(%s)", [parameter])
    found: Any = cursor.fetchone()
    value = int(found[0])

    def enough_searches(made: int) -> bool:
        return made >= FEWEST_SEARCHES and deadline is not None and deadline.left < COMFORT_SECONDS

    truth, _ = by_index.truth(cursor, SEARCHES, enough_searches)
    if not truth:
        raise Skip(Reason.NOTHING_THERE, f"No vector was found in {row.table}.")
    recall, enough, tried = by_index.recall(cursor, truth)[0], None, value
    while recall < GOOD and enough is None and tried < min(most, row.lists if row.method == "ivfflat" else most):
        tried = min(tried * 2, most)
        cursor.execute("select set_config(%s, %s, true)", [parameter, str(tried)])
        enough = tried if by_index.recall(cursor, truth)[0] >= GOOD else None
    return Recall(recall, len(truth), parameter, value, enough)
