"""Marks what checks ask by themselves as litxdb's own, so that no check takes it for the application's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litxdb import queries

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def tag(connection: Connection) -> None:
    """Have every statement of this connection marked, as those of sql/ are anyway."""
    from psycopg2.extensions import cursor

    kind: Any = getattr(connection, "cursor_factory", None) or cursor

    class TaggedCursor(kind):  # type: ignore[misc]  # which class it is depends on --debug
        def execute(self, query: str, vars: Any = None) -> None:  # noqa: A002  (psycopg2's own name)
            marked = query if queries.TAG in query else queries.tagged(query)
            super().execute(marked, vars)

    connection.cursor_factory = TaggedCursor
