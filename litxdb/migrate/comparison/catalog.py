"""The schema as the server sees it: a fingerprint of the catalog that tells any two states apart.

What Alembic compares misses operator classes, predicates, enum values, triggers, invalid indexes and more. Each file in
sql/catalog/ answers for some kinds of objects, with the same columns: `kind`, `object` (its name), `definition`,
`address` (class:oid:column, as in pg_depend) and `ways` (the statements that make, change and remove it).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.database import Database
from litxdb.errors import ServerRefused
from litxdb.migrate.results import Difference

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

Key = tuple[str, str]
"""An object's kind and name, as in ("index", "public.ix_users_id")."""

Fingerprint = dict[Key, str]
"""{(kind, object): definition}, as in {("index", "public.ix_users_id"): "CREATE INDEX …"}."""

FOLDER = "catalog"


@dataclass(frozen=True)
class CatalogObject:
    """One object: what it is, where PostgreSQL keeps it, and the SQL by which it comes, changes and goes."""

    kind: str
    name: str
    definition: str
    address: str
    ways: Mapping[str, Any] = field(repr=False)

    def way(self, name: str) -> str:
        """Return what sql/catalog says under this name, as text; empty where it says nothing."""
        return str(self.ways.get(name) or "")

    def statements(self, name: str) -> tuple[str, ...]:
        """Return the statements under this name."""
        found = self.ways.get(name) or ()
        return tuple(each.strip() for each in ([found] if isinstance(found, str) else found))


def fingerprint(db: Database, *, lock_timeout_seconds: float = 3) -> Fingerprint:
    """Read the definition of every object outside the system's schemas, alembic_version and extensions' parts.

    Owners, privileges, comments and the order of columns do not count. Changes nothing. Definitions are only readable
    when nobody holds an ACCESS EXCLUSIVE lock on their table: raises ServerRefused, naming who does, if that takes
    longer than `lock_timeout_seconds`.
    """
    with closing(db.connect()) as connection, reading(connection, lock_timeout_seconds):
        return {key: each.definition for key, each in objects(connection).items()}


def compare(before: Mapping[Key, str], after: Mapping[Key, str]) -> tuple[Difference, ...]:
    """List the objects whose definitions differ, those on one side only included.

    >>> compare({("enum", "public.mood"): "ok"}, {("enum", "public.mood"): "ok, sad"})
    (Difference(kind='enum', object='public.mood', before='ok', after='ok, sad'),)
    """
    return tuple(
        Difference(*key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    )


@contextmanager
def reading(connection: Connection, lock_timeout_seconds: float) -> Iterator[None]:
    """Make the block one transaction that only reads, sees one snapshot, and does not wait for locks for long."""
    import psycopg2

    with connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute("select set_config('lock_timeout', %s, true)", (f"{lock_timeout_seconds * 1000:.0f}ms",))
    try:
        yield
    except psycopg2.errors.LockNotAvailable as error:
        connection.rollback()
        raise _locked(connection) from error


def objects(connection: Connection, *, privileges: bool = False) -> dict[Key, CatalogObject]:
    """Read every object within the connection's transaction, whose search_path is empty from then on."""
    version = connection.info.server_version
    files = [(FOLDER, name) for name in queries.names(FOLDER)] + [("drift", "privileges")] * privileges
    # in one statement, as each round trip to a distant server costs more than its query
    statement = "\nunion all\n".join(f"({queries.load(*file, version).statement})" for file in files)
    with connection.cursor() as cursor:
        # Local to the transaction, so that nothing is left behind in a pooler's session. Without a search_path every
        # name is written with its schema.
        cursor.execute("select set_config('search_path', '', true)")
        cursor.execute(statement)
        found = [CatalogObject(*row) for row in cursor.fetchall()]
    return {(each.kind, each.name): each for each in found}


def dependencies(connection: Connection) -> dict[str, list[tuple[str, bool]]]:
    """Return for each address what it needs, and whether PostgreSQL drops it with that by itself."""
    needs: dict[str, list[tuple[str, bool]]] = {}
    for row in queries.load("drift", "dependencies", connection.info.server_version).run(connection):
        needs.setdefault(row["address"], []).append((row["needs"], row["automatic"]))
    return needs


def _locked(connection: Connection) -> ServerRefused:
    holders = queries.load("drift", "lockers", connection.info.server_version).run(connection)
    what = "{object} is locked by {holder}".format(**holders[0]) if holders else "the session that locked it has ended"
    return ServerRefused(
        f"The schema could not be read without waiting for an ACCESS EXCLUSIVE lock: {what}.",
        "Run it again when that session is done.",
    )
