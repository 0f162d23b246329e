"""The schema as the server sees it: a fingerprint of the catalogue that tells any two states apart.

What Alembic compares misses operator classes, predicates, enum values, triggers, invalid indexes and more.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from litxdb.database import Database
from litxdb.errors import ServerRefused
from litxdb.migrate.results import Difference

QUERY = Path(__file__).parent.parent / "sql" / "catalog.sql"

Fingerprint = dict[tuple[str, str], str]
"""{(kind, object): definition}, as in {("index", "public.ix_users_id"): "CREATE INDEX …"}."""


def fingerprint(db: Database, *, lock_timeout_seconds: float = 3) -> Fingerprint:
    """Read the definition of every object outside the system's schemas, alembic_version and extensions' parts.

    Changes nothing. Definitions are only readable when nobody holds an ACCESS EXCLUSIVE lock on their table: raises
    ServerRefused if that takes longer than `lock_timeout_seconds`.
    """
    import psycopg2

    with closing(db.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        # Local to the transaction, so that nothing is left behind in a pooler's session. Without a search_path every
        # name is written with its schema.
        cursor.execute("select set_config('search_path', '', true), set_config('lock_timeout', %s, true)",
                       (f"{lock_timeout_seconds * 1000:.0f}ms",))  # fmt: skip
        try:
            cursor.execute(QUERY.read_text(encoding="utf-8"))
        except psycopg2.errors.LockNotAvailable as error:
            raise ServerRefused(
                "The schema could not be read: somebody holds an ACCESS EXCLUSIVE lock on a table.",
                "Run it again when that migration or VACUUM FULL is done.",
            ) from error
        return {(kind, name): definition for kind, name, definition in cursor.fetchall()}


def compare(before: Mapping[tuple[str, str], str], after: Mapping[tuple[str, str], str]) -> tuple[Difference, ...]:
    """List the objects whose definitions differ, those on one side only included.

    >>> compare({("enum", "public.mood"): "ok"}, {("enum", "public.mood"): "ok, sad"})
    (Difference(kind='enum', object='public.mood', before='ok', after='ok, sad'),)
    """
    return tuple(
        Difference(*key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    )
