"""Searching sources by meaning and by words: the statements.

The threshold stands outside a materialized CTE: inside, a search that finds too few near ones goes on and on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Float,
    Integer,
    Select,
    Table,
    cast,
    func,
    literal,
    literal_column,
    select,
    text,
    union,
)
from sqlalchemy.orm import Session

from litxdb.errors import ArgumentInvalid
from litxdb.models.agent import SOURCE_WORDS
from litxdb.repositories.words import parsed, rank

MOST = 500
"""Rows that a search returns, at most."""
SEARCHED = 200
"""hnsw.ef_search at least: recall 1.00 of near-duplicates among 50,000, where 40 had 0.85 and 100 had 0.93."""
WIDEST = 1000
"""hnsw.ef_search at most: https://github.com/pgvector/pgvector#query-options"""
SCANNED = 200_000
"""hnsw.max_scan_tuples of a narrowed search: a filter that one in a thousand passes still finds its ten."""

CANDIDATES = 5
"""How many times the limit a narrowed search takes from the index, and each search gives to the fusion; 50 at least."""
RANKED = 1000
"""Of more sources that have the words so many are ranked, the newest, and those near in meaning: each is parsed."""
FUSION = 60
"""The k of reciprocal rank fusion (Cormack, Clarke, Büttcher: SIGIR 2009)."""

WORDS: ColumnElement[Any] = literal_column(SOURCE_WORDS)


@dataclass(frozen=True)
class Filters:
    """What a search is narrowed to."""

    source_type: str | None = None
    published_from: datetime | None = None
    published_before: datetime | None = None

    @property
    def narrow(self) -> bool:
        """Whether there are any."""
        return self != Filters()

    def conditions(self, table: Table) -> list[ColumnElement[bool]]:
        """Return the conditions on the table's rows."""
        found: list[ColumnElement[bool]] = []
        if self.source_type is not None:
            found.append(table.c.source_type == self.source_type)
        if self.published_from is not None:
            found.append(table.c.published_at >= self.published_from)
        if self.published_before is not None:
            found.append(table.c.published_at < self.published_before)
        return found


@contextmanager
def widened(session: Session, limit: int, filters: Filters) -> Iterator[None]:
    """Have the searches of this transaction look far enough; a wider setting of the role's stays as it is.

    Within, the planner takes a page of an index for no dearer than one of the table: it does not know that reading the
    table means fetching each embedding from TOAST, and would compare all 50,000 instead of asking the index.
    """
    wanted = min(WIDEST, max(SEARCHED, 2 * limit))
    now = "coalesce(nullif(current_setting('hnsw.ef_search', true), ''), '0')::int"
    cost, least = "current_setting('random_page_cost')", "current_setting('seq_page_cost')"
    before = session.execute(
        text(
            f"select {cost}, set_config('random_page_cost', least({cost}::float8, {least}::float8)::text, true), "
            f"set_config('hnsw.ef_search', greatest({now}, :wanted)::text, true), "
            "set_config('hnsw.iterative_scan', :again, true), set_config('hnsw.max_scan_tuples', :most, true)"
        ),
        {"wanted": wanted, "again": "relaxed_order" if filters.narrow else "off", "most": str(SCANNED)},
    ).scalar_one()
    yield
    session.execute(text("select set_config('random_page_cost', :before, true)"), {"before": before})


def nearest(
    table: Table,
    columns: Sequence[Column[Any]],
    vector: list[float],
    threshold: float,
    limit: int,
    filters: Filters,
) -> Select[Any]:
    """Select the nearest rows, with their cosine distance last."""
    if not isinstance(threshold, (int, float)) or not -1 <= threshold <= 1:
        raise ArgumentInvalid(f"A cosine similarity of {threshold!r} there is not.", "Give a threshold from -1 to 1.")
    near = _nearest(table, vector, _candidates(limit) if filters.narrow else limit, filters)
    return (
        select(*columns, near.c.distance)
        .join(near, near.c.id == table.c.id)
        .where(near.c.distance <= 1 - threshold)
        .order_by(near.c.distance, table.c.id)
        .limit(limit)
    )


def hybrid(
    table: Table, columns: Sequence[Column[Any]], words: str, vector: list[float], limit: int, filters: Filters
) -> Select[Any]:
    """Select the rows that stand well in either search, with their score and both ranks last."""
    candidates = _candidates(limit)
    near = _nearest(table, vector, candidates, filters)
    by_vector = select(near.c.id, func.row_number().over(order_by=near.c.distance).label("rank")).cte("by_vector")
    query = parsed(words)
    worded = WORDS.op("@@")(query)
    newest = select(table.c.id).where(worded, *filters.conditions(table)).order_by(table.c.id.desc())
    similar = select(table.c.id).join(near, near.c.id == table.c.id).where(worded)
    found = union(newest.limit(max(RANKED, candidates)), similar).cte("found").prefix_with("materialized")
    by_text = (
        select(table.c.id, func.row_number().over(order_by=(rank(WORDS, query).desc(), table.c.id)).label("rank"))
        .join(found, found.c.id == table.c.id)
        .order_by("rank")
        .limit(candidates)
        .cte("by_text")
    )
    joined = by_vector.outerjoin(by_text, by_vector.c.id == by_text.c.id, full=True)
    score = _share(by_vector.c.rank) + _share(by_text.c.rank)
    both = select(
        func.coalesce(by_vector.c.id, by_text.c.id).label("id"),
        score.label("score"),
        by_vector.c.rank.label("vector_rank"),
        by_text.c.rank.label("text_rank"),
    ).select_from(joined)
    fused = both.order_by(score.desc(), "id").limit(limit).cte("fused")
    return (
        select(*columns, fused.c.score, fused.c.vector_rank, fused.c.text_rank)
        .join(fused, fused.c.id == table.c.id)
        .order_by(fused.c.score.desc(), table.c.id)
    )


def _candidates(limit: int) -> int:
    return max(50, CANDIDATES * limit)


def _nearest(table: Table, vector: list[float], limit: int, filters: Filters) -> Any:
    distance = table.c.embedding.cosine_distance(vector).label("distance")
    near = select(table.c.id, distance).where(table.c.embedding.is_not(None), *filters.conditions(table))
    return near.order_by(distance).limit(limit).cte("near").prefix_with("materialized")


def _share(rank: ColumnElement[int]) -> ColumnElement[float]:
    return func.coalesce(1.0 / (literal(FUSION, Integer) + cast(rank, Float)), 0.0)
