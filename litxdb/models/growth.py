"""What came as LitXplore grew: subscriptions, bookmarks, teams, shared reviews and the activity log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from litxdb.models.base import Base, Id, Now, Timestamps, one_of, owner


class Subscription(Timestamps, Base):
    """A period of a person's subscription; the one without an end is the present one."""

    __tablename__ = "subscriptions"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(owner("users.id"), index=True)
    tier: Mapped[str]
    status: Mapped[str]
    started_at: Mapped[Now]
    ended_at: Mapped[datetime | None]
    stripe_subscription_id: Mapped[str | None]

    __table_args__ = (CheckConstraint("ended_at >= started_at", name="ended_at"),)


class Bookmark(Timestamps, Base):
    """A paper that a person wants to find again."""

    __tablename__ = "bookmarks"

    user_id: Mapped[int] = mapped_column(owner("users.id"), primary_key=True)
    paper_id: Mapped[int] = mapped_column(owner("papers.id"), primary_key=True, index=True)
    note: Mapped[str | None]


class Team(Timestamps, Base):
    """A group of people who share reviews."""

    __tablename__ = "teams"

    id: Mapped[Id]
    name: Mapped[str]


class TeamMember(Timestamps, Base):
    """A person's membership of a team."""

    __tablename__ = "team_members"

    team_id: Mapped[int] = mapped_column(owner("teams.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(owner("users.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(server_default="member")


class SharedReview(Timestamps, Base):
    """A review shared with one team or one person, once with each."""

    __tablename__ = "shared_reviews"

    id: Mapped[Id]
    review_id: Mapped[int] = mapped_column(owner("literature_reviews.id"))
    shared_by: Mapped[int] = mapped_column(owner("users.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(owner("teams.id"), index=True)
    shared_with: Mapped[int | None] = mapped_column(owner("users.id"), index=True)
    permission: Mapped[str] = mapped_column(server_default="read")

    __table_args__ = (
        UniqueConstraint("review_id", "team_id"),
        UniqueConstraint("review_id", "shared_with"),
        CheckConstraint("num_nonnulls(team_id, shared_with) = 1", name="recipient"),
        one_of("permission", "read", "comment", "edit"),
    )


class UserActivity(Base):
    """Something a person did; `entity_id` names the object without a foreign key, so that the log outlives it."""

    __tablename__ = "user_activity"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(owner("users.id"))
    action: Mapped[str]
    entity_type: Mapped[str | None]
    entity_id: Mapped[str | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", server_default=text("'{}'"))
    created_at: Mapped[Now] = mapped_column()

    __table_args__ = (Index("ix_user_activity_user_id_created_at", user_id, created_at.desc()),)
