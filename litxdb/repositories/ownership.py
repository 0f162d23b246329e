"""Whose a row is: the way from each table to its person, along foreign keys."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Table, and_, select

OWNERS: dict[str, tuple[str, ...]] = {
    "user_profiles": ("user_id",),
    "literature_reviews": ("user_id",),
    "tasks": ("user_id",),
    "chat_sessions": ("user_id",),
    "chat_messages": ("session_id",),
    "research_sessions": ("user_id",),
    "papers": ("session_id",),
    "notes": ("paper_id",),
    "digests": ("user_profile_id",),
    "digest_items": ("digest_id",),
    "feedback": ("user_profile_id", "digest_item_id"),
}
"""The foreign keys of each table that lead to its person; where there are two, both must lead to the same one.

A message has a `user_id` as well, which is null where no person wrote it: it belongs to whom its session belongs.
"""


def parent(table: Table, column: str) -> ColumnElement[Any]:
    """Return the key that a foreign key refers to."""
    (key,) = table.c[column].foreign_keys
    return key.column


def mine(table: Table, user_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that a row belongs to this person.

    >>> from litxdb.models import Base
    >>> " ".join(str(mine(Base.metadata.tables["papers"], 7)).split()).partition(" FROM ")[0]
    'papers.session_id IN (SELECT research_sessions.id'
    """
    return and_(*(leads_to(table, column, table.c[column], user_id) for column in OWNERS[table.name]))


def leads_to(
    table: Table, column: str, value: ColumnElement[Any], user_id: int | ColumnElement[int]
) -> ColumnElement[bool]:
    """Return the condition that `value`, in this foreign key of the table, refers to something of this person's."""
    key = parent(table, column)
    if key.table.name == "users":
        return value == user_id
    assert isinstance(key.table, Table)
    return value.in_(select(key).where(mine(key.table, user_id)))
