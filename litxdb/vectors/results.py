"""What looking at vectors found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SearchFigures:
    """Searches with one hnsw.ef_search, None for the exact ones: recall from 0 to 1, milliseconds, and their share.

    `of_exact` is the median over the median of exact searches.
    """

    ef_search: int | None
    recall: float
    p50_ms: float
    p95_ms: float
    of_exact: float


@dataclass(frozen=True)
class RecallReport:
    """How much of the `nearest` an HNSW index finds, in so many searches for rows of the table.

    `present` is the ef_search of the session, `recommended` the smallest that was tried and reached `target`.
    """

    index: str
    table: str
    type: str
    vectors: int
    nearest: int
    searches: int
    target: float
    present: int
    recommended: int | None
    rows: tuple[SearchFigures, ...]

    @property
    def sufficient(self) -> bool:
        """Whether the present setting reaches the target."""
        return any(row.ef_search == self.present and row.recall >= self.target for row in self.rows)


@dataclass(frozen=True)
class Member:
    """A source of a cluster, and how similar (cosine) the most similar other one in it is."""

    id: int
    similarity: float
    source_type: str
    title: str
    url: str
    fetched_at: datetime


@dataclass(frozen=True)
class Cluster:
    """Sources each of which is similar enough to another one of them, the oldest first."""

    number: int
    members: tuple[Member, ...]
