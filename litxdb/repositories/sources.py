"""The sources that the research agent finds: everybody's, and each once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Required, TypedDict, Unpack

from sqlalchemy import insert, select, text

from litxdb import models
from litxdb.errors import NotFound
from litxdb.repositories.copying import BATCH, copy_in
from litxdb.repositories.embedding import embedding as checked
from litxdb.repositories.operation import S, operation
from litxdb.repositories.paging import Page, checked_limit
from litxdb.repositories.results import FoundSource, SimilarSource, Source
from litxdb.repositories.rows import Rows, allowed, table_of
from litxdb.repositories.search import MOST, Filters, hybrid, nearest, widened


class NewSource(TypedDict, total=False):
    """What a new source is made of; `source_type` arxiv, kaggle, huggingface or web_search, `url` once of all."""

    source_type: Required[str]
    url: Required[str]
    title: Required[str]
    content: str | None
    metadata: dict[str, Any]
    embedding: Sequence[float] | None
    published_at: datetime | None
    fetched_at: datetime


class SourceChanges(TypedDict, total=False):
    """What may change in a source."""

    title: str
    content: str | None
    metadata: dict[str, Any]
    embedding: Sequence[float] | None
    published_at: datetime | None
    fetched_at: datetime


class Narrowing(TypedDict, total=False):
    """What a search is narrowed to: a type, and publication from one moment on and before another."""

    source_type: str | None
    published_from: datetime | None
    published_before: datetime | None


class Sources(Rows[S, Source, int]):
    """All sources, the newest first. Embeddings have 1,536 dimensions; a wrong one is an ArgumentInvalid."""

    table = table_of(models.Source)
    record = Source
    new = NewSource
    changes = SourceChanges

    @operation
    def create(self, **values: Unpack[NewSource]) -> Source:
        """Add a source. Raises AlreadyExists for a known URL."""
        return self._inserted(insert(self.table).values(**self._checked(values, NewSource)))

    @operation
    def find(self, url: str) -> Source | None:
        """Return the source of this URL; None when there is none."""
        return self._one(self._select().where(self.table.c.url == url))

    @operation
    def update(self, key: int, **changes: Unpack[SourceChanges]) -> Source | None:
        """Change a source and return it as it is now; None when there is none."""
        return self._update(key, self._checked(changes, SourceChanges))

    @operation
    def list(self, *, limit: int = 50, cursor: str | None = None, source_type: str | None = None) -> Page[Source]:
        """Return a page of the sources. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor, source_type=source_type)

    @operation
    def insert_many(self, rows: Iterable[NewSource]) -> int:
        """Add by COPY the sources whose URL is new, and return how many those were; the others stay as they are."""
        added, waiting = 0, iter(rows)
        names = tuple(NewSource.__annotations__)
        columns = ", ".join(names)
        moved = f"insert into sources ({columns}) select {columns} from {NEW} on conflict (url) do nothing"
        make = f"create temp table if not exists {NEW} on commit drop as select {columns} from sources with no data"
        while batch := list(itertools.islice(waiting, BATCH)):
            self._session.execute(text(make))
            now = self._session.execute(text("select now()")).scalar_one()
            base = {**dict.fromkeys(names), "metadata": {}, "fetched_at": now}
            copy_in(self._session, self.table, [{**base, **self._checked(row, NewSource)} for row in batch], into=NEW)
            added += self._session.execute(text(moved)).rowcount  # type: ignore[attr-defined]
            self._session.execute(text(f"truncate {NEW}"))
        return added

    @operation
    def embedding(self, key: int) -> tuple[float, ...] | None:
        """Return a source's embedding; None when it has none, or is not there."""
        found = self._session.execute(select(self.table.c.embedding).where(self._is(key))).scalar()
        return None if found is None else tuple(found)

    @operation
    def find_similar(
        self, embedding: Iterable[float], threshold: float = 0.85, limit: int = 10, **narrowing: Unpack[Narrowing]
    ) -> tuple[SimilarSource, ...]:
        """Return the sources nearest in meaning, at a cosine similarity of the threshold or more, the nearest first.

        Through the HNSW index: approximate, `litxdb vectors recall` measures how much so.
        """
        return self._similar(embedding, threshold, checked_limit(limit, MOST), narrowing)

    @operation
    def similar_to(
        self, key: int, threshold: float = 0.85, limit: int = 10, **narrowing: Unpack[Narrowing]
    ) -> tuple[SimilarSource, ...]:
        """Return the other sources nearest in meaning to one. Raises NotFound for one without an embedding."""
        own = self._session.execute(select(self.table.c.embedding).where(self._is(key))).scalar()
        if own is None:
            raise NotFound(f"There is no source {key} with an embedding.", "Have the application embed it.")
        found = self._similar(list(own), threshold, checked_limit(limit, MOST) + 1, narrowing)
        return tuple(each for each in found if each.source.id != key)[:limit]

    @operation
    def is_duplicate(
        self, url: str, embedding: Iterable[float] | None = None, threshold: float = 0.85
    ) -> tuple[bool, Literal["url", "semantic"] | None]:
        """Tell whether a source is known: by its URL, or by one that means the same."""
        if self._session.execute(select(self.table.c.id).where(self.table.c.url == url)).first() is not None:
            return True, "url"
        if embedding is None:
            return False, None
        close = nearest(self.table, [self.table.c.id], checked(embedding), threshold, 1, Filters())
        with widened(self._session, 1, Filters()):
            found = self._session.execute(close).first()
        return (False, None) if found is None else (True, "semantic")

    @operation
    def search(
        self, text: str, embedding: Iterable[float], limit: int = 10, **narrowing: Unpack[Narrowing]
    ) -> tuple[FoundSource, ...]:
        """Find sources by words and by meaning at once, ranked by reciprocal rank fusion, the best first.

        `text` is what a person types into a search engine. The words are looked for in title and content, up to their
        100,000th character, through the full-text index. Where more than a thousand sources have them, the newest
        thousand are ranked and those that are near in meaning: of the others the words alone find none.
        """
        filters = Filters(**allowed(narrowing, Narrowing, "a search of sources"))
        checked_limit(limit, MOST)
        statement = hybrid(self.table, self._columns(), text, checked(embedding), limit, filters)
        with widened(self._session, limit, filters):
            rows = self._session.execute(statement).all()
        return tuple(FoundSource(Source(*row[:-3]), *row[-3:]) for row in rows)

    def _similar(
        self, embedding: Iterable[float], threshold: float, limit: int, narrowing: Mapping[str, Any]
    ) -> tuple[SimilarSource, ...]:
        filters = Filters(**allowed(narrowing, Narrowing, "a search of sources"))
        statement = nearest(self.table, self._columns(), checked(embedding), threshold, limit, filters)
        with widened(self._session, limit, filters):
            rows = self._session.execute(statement).all()
        return tuple(SimilarSource(Source(*row[:-1]), 1 - row[-1]) for row in rows)

    def _checked(self, values: Mapping[str, Any], typed: type) -> dict[str, Any]:
        row = allowed(values, typed, self.table.name)
        if row.get("embedding") is not None:
            row["embedding"] = checked(row["embedding"])
        return row


NEW = "litxdb_new_sources"
"""A temporary table, for the time of a transaction."""
