"""All that a restored database must have again, read in one snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.backup import fingerprint
from litxdb.backup.manifest import Contents, Extension, Schema, SequenceState, TableContent
from litxdb.backup.sessions import reading
from litxdb.database import Database

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

VERSION_TABLES = """
select c.oid::regclass::text
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'version_num'
where c.relname = 'alembic_version' and c.relkind = 'r'
"""
AT_ONCE = 500
"""Sequences that one statement reads."""


def read(
    db: Database, *, method: str, workers: int = 2, watch: Callable[[TableContent], None] = lambda content: None
) -> Contents:
    """Read a database's schema and fingerprints, as for comparing it with a backup's.

    `method` is that of the contents that it will be compared with. Each session has a snapshot of its own, so nobody
    should be writing.
    """
    with reading(db) as session:
        schema = read_schema(session)
        probe = fingerprint.probe(session, method)
        tables = fingerprint.tables(session, method)
    with fingerprint.Fingerprinting(db, tables, method=method, workers=workers, watch=watch) as running:
        contents, large_objects = running.result()
    return Contents(method, probe, schema, contents, large_objects)


def read_schema(session: Connection) -> Schema:
    """Read all but the rows of tables; the session is one of sessions.reading()."""
    objects = defaultdict(list)
    for row in _rows(session, "objects"):
        objects[row["kind"]].append(row["name"])
    return Schema(
        revisions=_revisions(session),
        extensions=tuple(Extension(**row) for row in _rows(session, "extensions")),
        sequences=_sequences(session),
        objects={kind: tuple(names) for kind, names in objects.items()},
    )


def _revisions(session: Connection) -> tuple[str, ...]:
    """Return what Alembic's version tables say; usually one revision."""
    found: list[str] = []
    with session.cursor() as cursor:
        cursor.execute(VERSION_TABLES)
        for (name,) in cursor.fetchall():
            cursor.execute(f"select version_num from {name}")  # noqa: S608 (quoted by the server)
            found += [row[0] for row in cursor.fetchall()]
    return tuple(sorted(found))


def _sequences(session: Connection) -> tuple[SequenceState, ...]:
    """Read each as pg_dump does, of itself: pg_sequences leaves out what setval(…, false) said."""
    known = _rows(session, "sequences")
    states: list[SequenceState] = []
    with session.cursor() as cursor:
        for first in range(0, len(known), AT_ONCE):
            batch = known[first : first + AT_ONCE]
            each = [f"select {number}, last_value, is_called from {row['source']}" for number, row in enumerate(batch)]  # noqa: S608
            cursor.execute(" union all ".join(each) + " order by 1")
            for (_, last_value, is_called), row in zip(cursor.fetchall(), batch, strict=True):
                states.append(SequenceState(row["schema"], row["name"], last_value, is_called, row["increment"]))
    return tuple(states)


def _rows(session: Connection, name: str) -> list[dict[str, Any]]:
    return queries.load("backup", name, session.info.server_version).run(session)
