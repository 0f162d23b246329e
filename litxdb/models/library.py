"""The research library: sessions, the papers in them, and notes on their pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from litxdb.models.base import Base, Id, Timestamps, owner


class ResearchSession(Timestamps, Base):
    """A person's collection of papers on one question."""

    __tablename__ = "research_sessions"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(owner("users.id"), index=True)
    title: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="active")

    __table_args__ = (Index("session_status_idx", status), Index(None, "created_at"))


class Paper(Timestamps, Base):
    """A paper in a session; `external_id` is an arXiv id such as `2307.12345`, or `upload_<hash>`."""

    __tablename__ = "papers"

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(owner("research_sessions.id"), index=True)
    external_id: Mapped[str]
    title: Mapped[str]
    authors: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    published: Mapped[datetime | None]
    summary: Mapped[str | None]
    url: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="pending", index=True)
    relevance_score: Mapped[float | None]

    # In this order the index also finds a paper in every session; ix_papers_session_id does the other way.
    __table_args__ = (UniqueConstraint("external_id", "session_id"), Index(None, "created_at"))


class Note(Timestamps, Base):
    """What was found on a page of a paper, and why it matters."""

    __tablename__ = "notes"

    id: Mapped[Id]
    paper_id: Mapped[int] = mapped_column(owner("papers.id"), index=True)
    page_number: Mapped[int | None]
    note_type: Mapped[str] = mapped_column(index=True)
    content: Mapped[str]
    justification: Mapped[str | None]
    relevance_score: Mapped[float | None]
    status: Mapped[str] = mapped_column(server_default="pending", index=True)

    __table_args__ = (CheckConstraint("page_number >= 1", name="page_number"), Index(None, "created_at"))
