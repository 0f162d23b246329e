"""Literature reviews, and the background tasks that write them."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import DateTime, Enum, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from litxdb.models.base import Base, utc_now


class TaskStatus(enum.StrEnum):
    """How far a task is; the values of the PostgreSQL enum `taskstatus`."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class LiteratureReview(Base):
    """A review; `citations` is a JSON array of `{id, title, authors[], year}` as text."""

    __tablename__ = "literature_reviews"

    id: Mapped[int] = mapped_column(primary_key=True, index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    title: Mapped[str] = mapped_column(String(255))
    topic: Mapped[str] = mapped_column(String(255))
    content: Mapped[str] = mapped_column(Text)
    citations: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime | None] = mapped_column(DateTime, default=utc_now)
    updated_at: Mapped[datetime | None] = mapped_column(DateTime, default=utc_now, onupdate=utc_now)

    __table_args__ = (
        Index("ix_reviews_content_fts", text("to_tsvector('english'::regconfig, content)"), postgresql_using="gin"),
        Index("ix_reviews_created_at", created_at.desc()),
    )


class Task(Base):
    """A background task; `result_data` is a JSON object as text, such as `{"review_id": 123}`."""

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    status: Mapped[TaskStatus] = mapped_column(
        Enum(TaskStatus, name="taskstatus", values_callable=lambda kind: [member.value for member in kind]),
        default=TaskStatus.PENDING,
    )
    result_data: Mapped[str | None] = mapped_column(Text)
    error_message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime, default=utc_now)

    __table_args__ = (Index("ix_tasks_user_status", user_id, status),)
