"""Looking for a person's values in large objects, which belong to no table and which no foreign key leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.privacy import values
from litxdb.privacy.results import Person

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

TABLE, COLUMN = "pg_catalog.pg_largeobject", "data"
"""Where PostgreSQL keeps them: what they are called among what was found, and in a policy."""


def search(connection: Connection, person: Person, most_bytes: int) -> tuple[int | None, tuple[str, ...]]:
    """Count the large objects with a value of the person's, None if none was searched, and say which were not."""
    version = connection.info.server_version
    (there,) = queries.load("privacy", "large_objects", version).read(connection)
    unsearched = [f"large objects that the role may not read: {there.hidden}"] if there.hidden else []
    if there.readable == "{}":
        return None, tuple(unsearched)
    sought = tuple(values.sought_in_bytes(person))
    if not sought:
        number = there.readable.count(",") + 1
        return None, (*unsearched, f"large objects: {number}")
    (found,) = queries.load("privacy", "named_in_large_objects", version).read(
        connection,
        objects=there.readable,
        most=most_bytes,
        slice=values.SLICE_BYTES,
        margin=values.margin(person),
        values=[each.written for each in sought],
        patterns=[each.pattern for each in sought],
        caseless=[each.caseless for each in sought],
    )
    if found.large:
        unsearched.append(f"large objects of more than {most_bytes / 2**30:g} GB: {found.large}")
    return found.named, tuple(unsearched)
