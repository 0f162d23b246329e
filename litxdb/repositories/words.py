"""What a person types into a search engine, as PostgreSQL's full-text search takes it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, cast, func, literal_column
from sqlalchemy.dialects.postgresql import TSQUERY

ENGLISH: ColumnElement[Any] = literal_column("'english'::regconfig")
"""A constant, not a parameter: only so is an expression that has it an index's."""
FITTING = 100_000
"""So many characters fit into a tsvector, whatever they are."""


def parsed(text: str) -> ColumnElement[Any]:
    """Return the query for words, "phrases", or, -not; nothing in it is an error."""
    return func.websearch_to_tsquery(ENGLISH, text)


def rank(document: ColumnElement[Any], query: ColumnElement[Any]) -> ColumnElement[float]:
    """Return how well a document has what is looked for; what must not be in it does not count.

    For ts_rank "attention -recurrent" is a pair of which no document has both: all would be ranked alike. What
    querytree cannot put without the -not, as an or beside it, is left as it is.
    """
    indexable = func.querytree(query)
    return func.ts_rank(document, case((indexable.in_(("", "T")), query), else_=cast(indexable, TSQUERY)))
