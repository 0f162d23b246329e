"""A person's literature reviews, and the background tasks that write them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Required, TypedDict, Unpack

from sqlalchemy import func, literal_column, select, union

from litxdb.models import LiteratureReview, Task, TaskStatus
from litxdb.repositories import results
from litxdb.repositories.operation import S, operation
from litxdb.repositories.paging import Page, checked_limit
from litxdb.repositories.results import FoundReview, Review
from litxdb.repositories.rows import OwnRows, table_of
from litxdb.repositories.words import ENGLISH, FITTING, parsed, rank


class NewReview(TypedDict, total=False):
    """What a new review is made of; title and topic of 255 characters at most, `citations` JSON as text."""

    title: Required[str]
    topic: Required[str]
    content: Required[str]
    citations: str | None


class ReviewChanges(TypedDict, total=False):
    """What may change in a review."""

    title: str
    topic: str
    content: str
    citations: str | None


class Reviews(OwnRows[S, Review, int]):
    """One person's reviews, the newest first."""

    table = table_of(LiteratureReview)
    record = Review
    new = NewReview
    changes = ReviewChanges

    @operation
    def create(self, **values: Unpack[NewReview]) -> Review:
        """Add a review. Raises NotFound when the person is not there."""
        return self._create(values)

    @operation
    def update(self, key: int, **changes: Unpack[ReviewChanges]) -> Review | None:
        """Change a review and return it as it is now; None when there is none."""
        return self._update(key, changes)

    @operation
    def list(self, *, limit: int = 50, cursor: str | None = None) -> Page[Review]:
        """Return a page of the reviews. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor)

    @operation
    def insert_many(self, rows: Iterable[NewReview]) -> int:
        """Add reviews by COPY and return how many. Raises NotFound when the person is not there."""
        return self._insert_many(rows)

    @operation
    def search(self, text: str, *, limit: int = 20) -> tuple[FoundReview, ...]:
        """Find reviews by words of their content, or of title and topic, the best first, through the full-text index.

        `text` is what a person types into a search engine: words, "phrases", or, -not. Nothing in it is an error. All
        its words are in the content, or all in title and topic, where they count for ten times as much.
        """
        limit, query, key = checked_limit(limit), parsed(text), self._key()
        contents = func.to_tsvector(ENGLISH, self.table.c.content)
        heading = self.table.c.title + " " + self.table.c.topic
        headings = func.to_tsvector(ENGLISH, heading)
        whole = func.to_tsvector(ENGLISH, func.left(heading + " " + self.table.c.content, FITTING))
        found = union(  # an or of both would pass by the index
            select(key).where(self._reachable(), contents.op("@@")(query)),
            # and nothing that the content must not have
            select(key).where(self._reachable(), headings.op("@@")(query), whole.op("@@")(query)),
        )
        score = rank(contents, query) + rank(func.setweight(headings, literal_column("'A'")), query)
        best = select(*self._columns(), score).where(self._reachable(), key.in_(found))
        rows = self._session.execute(best.order_by(score.desc(), key.desc()).limit(limit))
        return tuple(FoundReview(Review(*row[:-1]), row[-1]) for row in rows)


class NewTask(TypedDict, total=False):
    """What a new task is made of; `result_data` is JSON as text."""

    status: TaskStatus
    result_data: str | None
    error_message: str | None


TaskChanges = NewTask


class Tasks(OwnRows[S, results.Task, str]):
    """One person's background tasks, the newest first."""

    table = table_of(Task)
    record = results.Task
    new = NewTask
    changes = TaskChanges
    order = ("created_at", "id")

    def _complete(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._complete(values), "id": str(uuid.uuid4())}

    @operation
    def create(self, **values: Unpack[NewTask]) -> results.Task:
        """Add a task, pending unless said otherwise. Raises NotFound when the person is not there."""
        return self._create(values)

    @operation
    def update(self, key: str, **changes: Unpack[NewTask]) -> results.Task | None:
        """Change a task and return it as it is now; None when there is none."""
        return self._update(key, changes)

    @operation
    def list(
        self, *, limit: int = 50, cursor: str | None = None, status: TaskStatus | None = None
    ) -> Page[results.Task]:
        """Return a page of the tasks, of one status or of any. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor, status=status)

    @operation
    def insert_many(self, rows: Iterable[NewTask]) -> int:
        """Add tasks by COPY and return how many. Raises NotFound when the person is not there."""
        return self._insert_many(rows)
