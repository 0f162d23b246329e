"""The research agent: whom it works for, the sources it finds, and the digests it sends."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pgvector.sqlalchemy import Vector
from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from litxdb.models.base import Base, Id, Now, Timestamps, one_of, owner

SOURCE_TYPES = ("arxiv", "kaggle", "huggingface", "web_search")
DIMENSIONS = 1536
"""The length of an embedding: what the model text-embedding-3-small returns."""
SOURCE_WORDS = "to_tsvector('english', left((title || ' ') || coalesce(content, ''), 100000))"
"""What words are looked for in; so many characters fit into a tsvector, whatever they are."""


class UserProfile(Timestamps, Base):
    """What the agent knows about a person."""

    __tablename__ = "user_profiles"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(owner("users.id"), unique=True)
    display_name: Mapped[str | None]
    preferences: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class Source(Timestamps, Base):
    """A paper, data set or page that a fetcher found; shared by everybody, owned by nobody."""

    __tablename__ = "sources"

    id: Mapped[Id]
    source_type: Mapped[str]
    url: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    content: Mapped[str | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", server_default=text("'{}'"))
    embedding: Mapped[Any | None] = mapped_column(Vector(DIMENSIONS))
    published_at: Mapped[datetime | None]
    fetched_at: Mapped[Now]

    __table_args__ = (
        one_of("source_type", *SOURCE_TYPES),
        Index(
            "ix_sources_embedding_hnsw",
            embedding,
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "vector_cosine_ops"},
        ),
        Index("ix_sources_content_fts", text(SOURCE_WORDS), postgresql_using="gin"),
    )


class Digest(Timestamps, Base):
    """One day's digest for one person."""

    __tablename__ = "digests"

    id: Mapped[Id]
    user_profile_id: Mapped[int] = mapped_column(owner("user_profiles.id"))
    digest_date: Mapped[date]
    delivery_status: Mapped[str] = mapped_column(server_default="pending")
    delivered_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("user_profile_id", "digest_date"),)


class DigestItem(Timestamps, Base):
    """A source in a digest. The source is referred to, not owned: while a digest names it, it cannot be deleted."""

    __tablename__ = "digest_items"

    id: Mapped[Id]
    digest_id: Mapped[int] = mapped_column(owner("digests.id"))
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"), index=True)
    rank: Mapped[int]
    score: Mapped[float | None]
    reasoning: Mapped[str | None]

    __table_args__ = (UniqueConstraint("digest_id", "rank"), CheckConstraint("rank >= 1", name="rank"))


class Feedback(Timestamps, Base):
    """What a person made of a digest item: a rating, an interaction (opened, saved…), or both."""

    __tablename__ = "feedback"

    id: Mapped[Id]
    user_profile_id: Mapped[int] = mapped_column(owner("user_profiles.id"), index=True)
    digest_item_id: Mapped[int] = mapped_column(owner("digest_items.id"), index=True)
    rating: Mapped[int | None] = mapped_column(SmallInteger)
    interaction: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))

    __table_args__ = (CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),)
