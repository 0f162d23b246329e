"""The agent's own records: settings, fetchers, questions already asked, models and weights."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from litxdb.models.agent import SOURCE_TYPES
from litxdb.models.base import Base, Id, Timestamps, one_of, owner


class SystemState(Timestamps, Base):
    """A setting or feature flag that an operator may change while the product runs."""

    __tablename__ = "system_state"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)


class FetcherState(Timestamps, Base):
    """How a fetcher of sources is doing."""

    __tablename__ = "fetcher_state"

    fetcher: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(server_default="idle")
    last_run_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    consecutive_errors: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]

    __table_args__ = (CheckConstraint("consecutive_errors >= 0", name="consecutive_errors"),)


class SearchQuery(Timestamps, Base):
    """A question that was put to a kind of source, kept so that it is not asked twice."""

    __tablename__ = "search_queries"

    id: Mapped[Id]
    query: Mapped[str]
    query_hash: Mapped[str]
    source_type: Mapped[str]
    results_count: Mapped[int] = mapped_column(server_default=text("0"))

    __table_args__ = (
        UniqueConstraint("query_hash", "source_type"),
        one_of("source_type", *SOURCE_TYPES),
        CheckConstraint("results_count >= 0", name="results_count"),
    )


class ModelMetadata(Timestamps, Base):
    """A trained model and how well it did."""

    __tablename__ = "model_metadata"

    id: Mapped[Id]
    name: Mapped[str]
    version: Mapped[str]
    metrics: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    is_active: Mapped[bool] = mapped_column(server_default=text("false"))
    trained_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("name", "version"),)


class PreferenceWeight(Timestamps, Base):
    """How much a feature of a source counts for a person."""

    __tablename__ = "preference_weights"

    id: Mapped[Id]
    user_profile_id: Mapped[int] = mapped_column(owner("user_profiles.id"))
    feature: Mapped[str]
    weight: Mapped[float]

    __table_args__ = (UniqueConstraint("user_profile_id", "feature"),)
