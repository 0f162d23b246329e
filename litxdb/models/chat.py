"""Conversations with papers, and the documents that are talked about."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from litxdb.models.base import Base, Now, Timestamps, Uuid, one_of, owner


class ChatSession(Timestamps, Base):
    """A conversation; `session_id` is the client's own token for it."""

    __tablename__ = "chat_sessions"

    id: Mapped[Uuid]
    user_id: Mapped[int] = mapped_column(owner("users.id"), index=True)
    session_id: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str | None]


class ChatMessage(Base):
    """A message, never changed once said; `user_id` is null where no person wrote it."""

    __tablename__ = "chat_messages"

    id: Mapped[Uuid]
    session_id: Mapped[uuid.UUID] = mapped_column(owner("chat_sessions.id"))
    user_id: Mapped[int | None] = mapped_column(owner("users.id"), index=True)
    role: Mapped[str]
    content: Mapped[str]
    token_count: Mapped[int | None]
    created_at: Mapped[Now]

    __table_args__ = (
        one_of("role", "user", "assistant", "system", "tool"),
        CheckConstraint("token_count >= 0", name="token_count"),
        Index(None, "session_id", "created_at"),
    )


class Document(Timestamps, Base):
    """A file that was uploaded or fetched, known by its checksum; shared, so nobody owns it."""

    __tablename__ = "documents"

    id: Mapped[Uuid]
    source_url: Mapped[str | None]
    checksum: Mapped[str] = mapped_column(unique=True)
    original_filename: Mapped[str | None]
    ingestion_status: Mapped[str] = mapped_column(server_default="pending")

    __table_args__ = (one_of("ingestion_status", "pending", "processing", "completed", "failed"),)
