"""Looking for a person's values in large objects, which belong to no table and which no foreign key leads to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from litxdb import queries

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

TABLE, COLUMN = "pg_catalog.pg_largeobject", "data"
"""Where PostgreSQL keeps them: what they are called among what was found, and in a policy."""


def search(
    connection: Connection, sought: Sequence[tuple[str, str, bool]], most_bytes: int
) -> tuple[int | None, tuple[str, ...]]:
    """Count the large objects with a value in them, None if none was searched, and say which were not.

    `sought` are values as encode(…, 'escape') writes bytes, each with its pattern and whether capitals do not matter.
    """
    version = connection.info.server_version
    (there,) = queries.load("privacy", "large_objects", version).read(connection)
    unsearched = [f"large objects that the role may not read: {there.hidden}"] if there.hidden else []
    if there.readable == "{}":
        return None, tuple(unsearched)
    if not sought:
        number = there.readable.count(",") + 1
        return None, (*unsearched, f"large objects: {number}")
    values, patterns, caseless = (list(each) for each in zip(*sought, strict=True))
    (found,) = queries.load("privacy", "named_in_large_objects", version).read(
        connection, objects=there.readable, most=most_bytes, values=values, patterns=patterns, caseless=caseless
    )
    if found.large:
        unsearched.append(f"large objects of more than {most_bytes // 1_000_000} MB: {found.large}")
    return found.named, tuple(unsearched)
