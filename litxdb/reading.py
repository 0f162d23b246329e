"""Reading a server that may be in trouble: one transaction that changes nothing, waits for nobody and ends in time.

Everything is SET LOCAL, because a transaction pooler hands the session to somebody else afterwards.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.database import Database

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

LOCK_MILLISECONDS = 200


@dataclass(frozen=True)
class Extension:
    """An extension of the database: its version, and the schema that its objects are in."""

    version: str
    schema: str


@dataclass(frozen=True)
class Reader:
    """A connection in such a transaction, and what a query has to know beforehand.

    The name of the `role` is quoted. `privileges` are predefined roles (pg_read_all_stats…) that the role may use;
    `counted_seconds` is how long the statistics have counted, since a reset or whatever lost them.
    """

    connection: Connection
    role: str
    privileges: frozenset[str]
    counted_seconds: float
    extensions: dict[str, Extension]

    def ask(self, folder: str, name: str, **parameters: object) -> list[dict[str, Any]]:
        """Run a query of litxdb/sql and return its rows; after a failure the reader can be asked again.

        Raises ToolMissing when the server, or an extension that the query needs, is too old or not there.
        """
        with apart(self.connection):
            return self.query(folder, name).run(self.connection, **parameters)

    def query(self, folder: str, name: str) -> queries.Query:
        """Return the variant of a query that suits this database."""
        versions = {name: extension.version for name, extension in self.extensions.items()}
        return queries.load(folder, name, self.connection.info.server_version, versions)

    def find_extensions(self) -> None:
        """Have this transaction's statements find the extensions' objects, whatever schemas they are in."""
        schemas = dict.fromkeys(["pg_catalog", *(extension.schema for extension in self.extensions.values())])
        with self.connection.cursor() as cursor:
            quoted = "select set_config('search_path', string_agg(quote_ident(s), ', '), true) from unnest(%s) s"
            cursor.execute(queries.tagged(quoted), (list(schemas),))


@contextlib.contextmanager
def reading(db: Database, *, seconds: float = 10) -> Iterator[Reader]:
    """Open such a transaction; no statement in it takes longer than `seconds`, or waits more than 200 ms for a lock."""
    with contextlib.closing(db.connect()) as connection:
        connection.set_session(readonly=True)
        limit(connection, seconds)
        try:
            yield reader(connection)
        except Exception:  # and not Ctrl-C, after which nobody waits for a server that may hang
            _end(connection)
            raise
        _end(connection)


@contextlib.contextmanager
def borrowed(connection: Connection) -> Iterator[Reader]:
    """Make a reader of somebody's connection, which needs limits of its own; its transaction is left as it was.

    What a query cached of the statistics is read anew.
    """
    with connection.cursor() as cursor:
        cursor.execute(queries.tagged("savepoint litxdb_borrowed"))
        try:
            cursor.execute(queries.tagged("select pg_stat_clear_snapshot()"))
            yield reader(connection)
        finally:
            if not connection.closed:
                cursor.execute(queries.tagged("rollback to savepoint litxdb_borrowed"))
                cursor.execute(queries.tagged("release savepoint litxdb_borrowed"))


def _end(connection: Connection) -> None:
    """Commit what was read: else the server counts a rollback, of which doctor warns where litxdb looks often."""
    import psycopg2

    with contextlib.suppress(psycopg2.Error):
        connection.commit()


def limit(connection: Connection, seconds: float) -> None:
    """Bound the statements of this transaction."""
    settings = {
        "statement_timeout": f"{max(1, round(seconds * 1000))}ms",
        "lock_timeout": f"{LOCK_MILLISECONDS}ms",
        "idle_in_transaction_session_timeout": "60s",
        "jit": "off",
    }
    with connection.cursor() as cursor:
        cursor.execute(";".join(queries.tagged(f"set local {name} = '{value}'") for name, value in settings.items()))


def reader(connection: Connection) -> Reader:
    """Ask who reads what, and have this transaction's statements find the extensions' objects."""
    row = queries.load("reading", "server", connection.info.server_version).run(connection)[0]
    extensions = {name: Extension(version, schema) for name, version, schema in row.pop("extensions")}
    found = Reader(connection, extensions=extensions, privileges=frozenset(row.pop("privileges")), **row)
    found.find_extensions()
    return found


@contextlib.contextmanager
def apart(connection: Connection) -> Iterator[None]:
    """Undo a block that fails, so that the transaction can go on; the exception goes on as well."""
    import psycopg2

    with connection.cursor() as cursor:
        cursor.execute(queries.tagged("savepoint litxdb"))
        try:
            yield
        except psycopg2.Error:
            if not connection.closed:
                cursor.execute(queries.tagged("rollback to savepoint litxdb"))
            raise
        cursor.execute(queries.tagged("release savepoint litxdb"))
