"""What a statement does to the server: locks, rewrites, scans, index builds and WAL; for a scratch server's superuser.

Locks come from pg_locks, rewrites from an event trigger, scans and builds from the server's debug messages.
https://www.postgresql.org/docs/current/event-trigger-definition.html
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litxdb.database import Database
from litxdb.migrate.captured import Effect
from litxdb.migrate.project import Project

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

STRENGTHS = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
"""Lock modes, the weakest first: https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES"""

START = """
create schema litxdb_measure;
create function litxdb_measure.report() returns event_trigger language plpgsql as $$ begin
    raise notice 'litxdb rewrites %', pg_event_trigger_table_rewrite_oid();
end $$;
create event trigger litxdb_measure on table_rewrite execute function litxdb_measure.report();
"""
END = "drop event trigger if exists litxdb_measure; drop schema if exists litxdb_measure cascade"
TABLES = """
select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and c.oid is distinct from to_regclass(%s)
"""
LOCKS = """
select relation, mode from pg_locks
where pid = pg_backend_pid() and locktype = 'relation' and granted and relation = any(%s)
"""
WAL = "select pg_current_wal_insert_lsn() - '0/0'"
TABLES_OF_KEYS = "select conrelid from pg_constraint where conname = any(%s) and conrelid = any(%s::oid[])"
TABLE_OF_INDEX = "select indrelid from pg_index where indexrelid = to_regclass(%s)"

_REWRITE = re.compile(r"NOTICE:  litxdb rewrites (?P<oid>\d+)")
_SCAN = re.compile(r'DEBUG:  verifying table "(?P<table>.+)"')
_BUILD = re.compile(r'DEBUG:  building index "(?P<index>.+?)" on table "(?P<table>.+?)"')
_FOREIGN_KEY = re.compile(r'DEBUG:  validating foreign key constraint "(?P<name>.+)"')
_CONCURRENT = re.compile(
    r"\b(?:create\s+(?:unique\s+)?index\s+concurrently\b.*?\bon\s+(?:only\s+)?(?P<table>[\w.\"]+)"
    r"|(?:drop|reindex)\s+(?:index|table)\s+concurrently\s+(?:if\s+exists\s+)?(?P<name>[\w.\"]+)"
    r"|vacuum\b(?:\s*\(.*?\)|\s+(?:freeze|verbose|analyze)\b)*\s+(?P<vacuumed>[\w.\"]+))",
    re.IGNORECASE | re.DOTALL,
)


@contextlib.contextmanager
def metering(db: Database, project: Project) -> Iterator[Meter]:
    """Prepare the database for measuring, and take that away again afterwards."""
    with contextlib.closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute(START)
        cursor.execute(TABLES, (project.version_name,))
        try:
            yield Meter(db, dict(cursor.fetchall()))
        finally:
            cursor.execute(END)


@dataclass
class Meter:
    """Measures one statement at a time on the connection that runs it; `tables` are those there before."""

    db: Database
    tables: Mapping[int, str]
    held: Mapping[int, str] | None = None
    wal: int = 0
    beforehand: Mapping[int, str] | None = None

    def before(self, connection: Connection, statement: str) -> None:
        """Note how things stand; outside a transaction, where its locks will be gone at once, try it out in one."""
        self.held = {} if connection.autocommit else self._locks(connection)
        self.beforehand = self._tried(statement) if connection.autocommit else None
        with connection.cursor() as cursor:
            cursor.execute("set client_min_messages = debug1")
            cursor.execute(WAL)
            self.wal = int(_value(cursor))
        del connection.notices[:]

    def after(self, connection: Connection) -> Effect:
        """Return what happened since `before`."""
        notices = list(connection.notices)
        locks = self._locks(connection) if self.beforehand is None else self.beforehand
        with connection.cursor() as cursor:
            cursor.execute(WAL)
            wal = int(_value(cursor)) - self.wal
            cursor.execute("set client_min_messages = notice")
        connection.notices[:] = [line for line in notices if not _REWRITE.match(line) and not line.startswith("DEBUG")]
        held = self.held or {}
        newly = {self.tables[oid]: mode for oid, mode in locks.items() if strength(mode) > strength(held.get(oid))}
        names = self._names(connection, [*held, *locks])
        rewrites = (self.tables.get(int(match["oid"])) for match in _found(_REWRITE, notices))
        scans = [names.get(match["table"]) for match in _found(_SCAN, notices)]
        scans += self._tables_of_keys(connection, [match["name"] for match in _found(_FOREIGN_KEY, notices)])
        builds: dict[str, tuple[str, ...]] = {}
        for match in _found(_BUILD, notices):
            if match["table"] in names:
                builds[names[match["table"]]] = (*builds.get(names[match["table"]], ()), match["index"])
        return Effect(newly, _unique(rewrites), _unique(scans), builds, wal)

    def _names(self, connection: Connection, tables: list[int]) -> dict[str, str]:
        """Return by what names messages call the tables: without a schema, and as an earlier statement renamed them.

        Of several by one name it is the one that is locked.
        """
        with connection.cursor() as cursor:
            cursor.execute("select relname, oid from pg_class where oid = any(%s)", (tables,))
            return {name: self.tables[oid] for name, oid in cursor.fetchall()}

    def _tables_of_keys(self, connection: Connection, keys: list[str]) -> list[str | None]:
        if not keys:
            return []
        with connection.cursor() as cursor:
            cursor.execute(TABLES_OF_KEYS, (keys, list(self.tables)))
            return [self.tables.get(oid) for (oid,) in cursor.fetchall()]

    def _locks(self, connection: Connection) -> dict[int, str]:
        with connection.cursor() as cursor:
            cursor.execute(LOCKS, (list(self.tables),))
            strongest: dict[int, str] = {}
            for oid, mode in cursor.fetchall():
                strongest[oid] = max(mode, strongest.get(oid, mode), key=strength)
            return strongest

    def _tried(self, statement: str) -> dict[int, str]:
        """Run the statement in a transaction of another session, look at its locks, and roll it back.

        What PostgreSQL refuses there (CONCURRENTLY, VACUUM) takes SHARE UPDATE EXCLUSIVE on its table, by design.
        """
        import psycopg2

        with contextlib.closing(self.db.connect()) as connection, connection.cursor() as cursor:
            try:
                cursor.execute("set local lock_timeout = '1s'")
                cursor.execute(statement)
                return self._locks(connection)
            except psycopg2.errors.ActiveSqlTransaction:
                connection.rollback()
                match = _CONCURRENT.search(statement)
                if match is None:
                    return {}
                name = match["table"] or match["name"] or match["vacuumed"]
                cursor.execute("select to_regclass(%s)::oid", (name,))
                oid = _value(cursor)
                cursor.execute(TABLE_OF_INDEX, (name,))
                table = (cursor.fetchone() or (oid,))[0]
                return {table: "ShareUpdateExclusiveLock"} if table in self.tables else {}
            except psycopg2.Error:
                return {}  # it will say so itself when it really runs
            finally:
                connection.rollback()


def _found(pattern: re.Pattern[str], lines: Iterable[str]) -> Iterator[re.Match[str]]:
    return (match for line in lines if (match := pattern.match(line)))


def _unique(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name is not None))


def strength(mode: str | None) -> int:
    """Rank a lock mode, no lock the lowest."""
    return STRENGTHS.index(mode) if mode in STRENGTHS else -1


def _value(cursor: Any) -> Any:
    return cursor.fetchone()[0]
