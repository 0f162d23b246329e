"""What the repositories return: plain values, which stay as they are when the session is over.

Nothing in them loads anything by itself. The times of users, reviews and tasks are UTC without a time zone, as the
deployed backend writes them; all others carry one.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from litxdb.models import TaskStatus


@dataclass(frozen=True, slots=True)
class Account:
    """A person's own row of `users`."""

    id: int
    clerk_id: str
    email: str
    first_name: str | None
    last_name: str | None
    is_active: bool | None
    subscription_tier: str | None
    subscription_status: str | None
    stripe_customer_id: str | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Review:
    """A literature review; `citations` is a JSON array of `{id, title, authors[], year}` as text."""

    id: int
    title: str
    topic: str
    content: str
    citations: str | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Task:
    """A background task; `id` is a UUID as text, `result_data` a JSON object as text."""

    id: str
    status: TaskStatus
    result_data: str | None
    error_message: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChatSession:
    """A conversation; `session_id` is the client's own token for it."""

    id: uuid.UUID
    session_id: str
    title: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message of the conversation `session_id` (ChatSession.id); `token_count` is in tokens of the model."""

    id: uuid.UUID
    session_id: uuid.UUID
    role: str
    content: str
    token_count: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ResearchSession:
    """A collection of papers on one question."""

    id: int
    title: str
    status: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper in a research session; `relevance_score` from 0 to 1."""

    id: int
    session_id: int
    external_id: str
    title: str
    authors: list[Any]
    published: datetime | None
    summary: str | None
    url: str | None
    status: str
    relevance_score: float | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What was found on a page (from 1) of a paper."""

    id: int
    paper_id: int
    page_number: int | None
    note_type: str
    content: str
    justification: str | None
    relevance_score: float | None
    status: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AnnotatedPaper:
    """A paper with its notes."""

    paper: Paper
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class FullSession:
    """A research session with its papers and their notes, in the order they were added."""

    session: ResearchSession
    papers: tuple[AnnotatedPaper, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A paper, data set or page that a fetcher found; everybody's. Its embedding is read by itself."""

    id: int
    source_type: str
    url: str
    title: str
    content: str | None
    metadata: dict[str, Any]
    published_at: datetime | None
    fetched_at: datetime
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SimilarSource:
    """A source and its cosine similarity to what was searched for: 1 for the same direction, -1 for the opposite."""

    source: Source
    similarity: float


@dataclass(frozen=True, slots=True)
class FoundSource:
    """A source of a hybrid search; ranks (from 1) by vector and by text are None where it is not among the best."""

    source: Source
    score: float
    vector_rank: int | None
    text_rank: int | None


@dataclass(frozen=True, slots=True)
class FoundReview:
    """A review that a text search found; `rank` is PostgreSQL's ts_rank of content and heading, larger is better."""

    review: Review
    rank: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What the agent knows about a person."""

    id: int
    display_name: str | None
    preferences: dict[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Digest:
    """One day's digest."""

    id: int
    digest_date: date
    delivery_status: str
    delivered_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DigestItem:
    """A source in a digest, at its rank (from 1)."""

    id: int
    digest_id: int
    source_id: int
    rank: int
    score: float | None
    reasoning: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ItemWithSource:
    """An item of a digest and what it points to."""

    item: DigestItem
    source: Source


@dataclass(frozen=True, slots=True)
class FullDigest:
    """A digest with its items in the order of their ranks."""

    digest: Digest
    items: tuple[ItemWithSource, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the person made of a digest item; `rating` from 1 to 5."""

    id: int
    digest_item_id: int
    rating: int | None
    interaction: dict[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting or feature flag of `system_state`; `value` is anything that JSON can say."""

    key: str
    value: Any
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Fetcher:
    """How a fetcher of sources is doing."""

    fetcher: str
    status: str
    last_run_at: datetime | None
    last_success_at: datetime | None
    consecutive_errors: int
    last_error: str | None
    created_at: datetime
    updated_at: datetime
