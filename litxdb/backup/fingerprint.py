"""What is in every table, as two numbers: how many rows, and the sum of their hashes.

The sum does not depend on the order of rows, and unlike XOR it counts what is there twice. Rows are hashed as their
text, which PostgreSQL writes such that it reads back the same value, so a restored table has the same fingerprint on
any version. A hash of 64 bits finds accidents; it is no protection against somebody who wants to deceive.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from litxdb import queries
from litxdb.backup.manifest import LargeObjects, TableContent
from litxdb.backup.sessions import reading
from litxdb.database import Database

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

METHODS = {
    "row-1": 'hashtextextended(({})::text collate "C", 0)',
    "row-utf8-1": "hashtextextended(encode(convert_to(({})::text, 'UTF8'), 'hex'), 0)",
}
"""How a row is hashed, by the name that the manifest keeps; a changed method gets a new name.

The second is for databases in another encoding than UTF8: hashes are of bytes.
"""
PROBE = """row(1.5::float8, 'é'::text, null::int, '-infinity'::timestamptz,
    hash_record_extended(row(decode('00ff', 'hex')), 0))"""
CHUNK = 256 << 10
LARGE_OBJECTS = """
with opened as materialized (
    select o.oid, lo_open(o.oid, x'40000'::int) as descriptor from pg_largeobject_metadata o
),
sized as materialized (
    select oid, lo_lseek64(descriptor, 0, 2) as bytes, lo_close(descriptor) from opened
)
select
    (select count(*) from sized),
    coalesce(sum(hashtextextended(
        concat(oid, ':', part, ':', encode(lo_get(oid, part * %(chunk)s, %(chunk)s::int), 'hex')), 0)), 0)::text
from sized, generate_series(0::bigint, bytes / %(chunk)s) as part
"""


@dataclass(frozen=True)
class Table:
    """A table to read, as sql/backup/tables.sql describes it."""

    oid: int
    schema: str
    name: str
    source: str
    row: str
    condition: str | None
    written: int

    def statement(self, method: str) -> str:
        """Write the query for its rows, fingerprint and bytes."""
        condition = f" where {self.condition}" if self.condition else ""
        return (
            f"select count(*), coalesce(sum({METHODS[method].format(self.row)}), 0)::text, "  # noqa: S608 (by the server)
            f"pg_table_size({self.oid}) from {self.source}{condition}"
        )


def method_for(encoding: str) -> str:
    """Choose the method for a database in this encoding.

    >>> method_for("UTF8"), method_for("LATIN1")
    ('row-1', 'row-utf8-1')
    """
    return "row-1" if encoding in {"UTF8", "SQL_ASCII"} else "row-utf8-1"


def probe(connection: Connection, method: str) -> str:
    """Hash a constant row: two servers whose answers differ have different hash functions, and do not compare."""
    with connection.cursor() as cursor:
        cursor.execute(f"select ({METHODS[method].format(PROBE)})::text")
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


def tables(connection: Connection, method: str) -> tuple[Table, ...]:
    """List the tables whose rows pg_dump writes, the largest first; the session is one of sessions.reading()."""
    query = queries.load("backup", "tables", connection.info.server_version)
    return tuple(Table(**row) for row in query.run(connection, recode=method == "row-utf8-1"))


class Fingerprinting:
    """Reads tables in threads, each with a session of its own on the same snapshot, beside whatever else is going on.

    As a context manager it ends, when left, what still runs; `start` begins, the first time it is called.
    """

    def __init__(
        self,
        db: Database,
        found: Sequence[Table],
        *,
        method: str,
        snapshot: str | None = None,
        workers: int = 2,
        watch: Callable[[TableContent], None] = lambda content: None,
    ) -> None:
        self._db, self._method, self._snapshot, self._watch = db, method, snapshot, watch
        self._left: queue.SimpleQueue[Table | None] = queue.SimpleQueue()
        for table in (None, *found):  # None: the large objects
            self._left.put(table)
        self._tables: list[TableContent] = []
        self._large_objects = LargeObjects(0, "0")
        self._failure: BaseException | None = None
        self._sessions: set[Connection] = set()
        self._guard = threading.Lock()
        self._stopped = False
        self._started: float | None = None
        self._ended = 0.0
        count = max(1, min(workers, len(found)))
        self._threads = [
            threading.Thread(target=self._work, name=f"litxdb fingerprint {number}", daemon=True)
            for number in range(count)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        self._join()

    @property
    def seconds(self) -> float:
        """How long it took, once there is a result."""
        return self._ended - (self._started or self._ended)

    def start(self) -> None:
        """Begin, unless it has begun."""
        with self._guard:
            if self._started is not None:
                return
            self._started = time.monotonic()
        for thread in self._threads:
            thread.start()

    def check(self) -> None:
        """Raise what has gone wrong so far."""
        if self._failure:
            raise self._failure

    def result(self) -> tuple[tuple[TableContent, ...], LargeObjects]:
        """Wait for all, and return the tables by name and the large objects; raises what went wrong first."""
        self.start()
        self._join()
        self.check()
        return tuple(sorted(self._tables, key=lambda table: (table.schema, table.name))), self._large_objects

    def stop(self) -> None:
        """End the statements that run, and begin no other."""
        with self._guard:
            self._stopped = True
            for session in self._sessions:
                with contextlib.suppress(Exception):  # its server is gone, say: then the statement is as well
                    session.cancel()

    def _join(self) -> None:
        if self._started is not None:
            for thread in self._threads:
                thread.join()

    def _work(self) -> None:
        try:
            with reading(self._db, self._snapshot) as session:
                with self._guard:
                    self._sessions.add(session)
                try:
                    while not self._stopped:
                        self._read(session, self._left.get_nowait())
                except queue.Empty:
                    pass
                finally:
                    with self._guard:
                        self._sessions.discard(session)
        except BaseException as error:
            self._failure = self._failure or error
            self.stop()
        finally:
            self._ended = time.monotonic()

    def _read(self, session: Connection, table: Table | None) -> None:
        with session.cursor() as cursor:
            if table is None:
                cursor.execute(LARGE_OBJECTS, {"chunk": CHUNK})
                self._large_objects = LargeObjects(*(cursor.fetchone() or (0, "0")))
                return
            cursor.execute(table.statement(self._method))
            rows, total, size = cursor.fetchone() or (0, "0", 0)
        content = TableContent(table.schema, table.name, rows, total, size)
        self._tables.append(content)
        self._watch(content)
