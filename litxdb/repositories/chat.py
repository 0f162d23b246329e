"""A person's conversations, and what was said in them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Required, TypedDict, Unpack

from sqlalchemy import func

from litxdb import models
from litxdb.repositories.operation import S, operation
from litxdb.repositories.paging import Page, checked_limit
from litxdb.repositories.results import ChatMessage, ChatSession
from litxdb.repositories.rows import OwnRows, table_of


class NewChat(TypedDict, total=False):
    """What a new conversation is made of; `session_id` is the client's own token."""

    session_id: Required[str]
    title: str | None


class ChatChanges(TypedDict, total=False):
    """What may change in a conversation."""

    title: str | None


class Chats(OwnRows[S, ChatSession, uuid.UUID]):
    """One person's conversations, the newest first."""

    table = table_of(models.ChatSession)
    record = ChatSession
    new = NewChat
    changes = ChatChanges
    order = ("created_at", "id")

    @operation
    def create(self, **values: Unpack[NewChat]) -> ChatSession:
        """Begin a conversation. Raises AlreadyExists for a token that is in use, NotFound without the person."""
        return self._create(values)

    @operation
    def find(self, session_id: str) -> ChatSession | None:
        """Return the conversation of a client's token; None when this person has none."""
        return self._one(self._select().where(self.table.c.session_id == session_id))

    @operation
    def update(self, key: uuid.UUID, **changes: Unpack[ChatChanges]) -> ChatSession | None:
        """Change a conversation and return it as it is now; None when there is none."""
        return self._update(key, changes)

    @operation
    def list(self, *, limit: int = 50, cursor: str | None = None) -> Page[ChatSession]:
        """Return a page of the conversations. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor)

    @operation
    def insert_many(self, rows: Iterable[NewChat]) -> int:
        """Add conversations by COPY and return how many. Raises AlreadyExists and NotFound as `create`."""
        return self._insert_many(rows)


class NewMessage(TypedDict, total=False):
    """What a new message is made of; `session_id` is ChatSession.id, `role` user, assistant, system or tool."""

    session_id: Required[uuid.UUID]
    role: Required[str]
    content: Required[str]
    token_count: int | None
    created_at: datetime


class Messages(OwnRows[S, ChatMessage, uuid.UUID]):
    """What was said in one person's conversations, in the order it was said; a message never changes."""

    table = table_of(models.ChatMessage)
    record = ChatMessage
    new = NewMessage
    order = ("created_at", "id")
    descending = False

    def _complete(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Add who wrote it, and when: now() stands still within a transaction, and the order would be lost."""
        row = {"created_at": func.clock_timestamp(), **super()._complete(values)}
        return {**row, "user_id": self._user_id if row.get("role") == "user" else None}

    @operation
    def create(self, **values: Unpack[NewMessage]) -> ChatMessage:
        """Add a message, said now unless said otherwise. Raises NotFound for a conversation of somebody else's."""
        return self._create(values)

    @operation
    def list(self, session_id: uuid.UUID, *, limit: int = 50, cursor: str | None = None) -> Page[ChatMessage]:
        """Return a page of a conversation, from its beginning. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor, session_id=session_id)

    @operation
    def latest(self, session_id: uuid.UUID, *, limit: int = 20) -> tuple[ChatMessage, ...]:
        """Return the last messages of a conversation, in the order they were said: the context of the next answer."""
        newest = self._select().where(self.table.c.session_id == session_id)
        keys = (self.table.c.created_at.desc(), self.table.c.id.desc())
        return self._all(newest.order_by(*keys).limit(checked_limit(limit)))[::-1]

    @operation
    def insert_many(self, rows: Iterable[NewMessage]) -> int:
        """Add messages by COPY, in the order given, and return how many. Raises NotFound as `create`."""
        now: datetime = self._session.execute(func.clock_timestamp().select()).scalar_one()
        timed = ({"created_at": now + number * MICROSECOND, **row} for number, row in enumerate(rows))
        return self._insert_many(timed)


MICROSECOND = datetime.resolution
