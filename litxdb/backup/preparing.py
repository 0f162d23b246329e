"""What is found out before a dump begins: which database, which pg_dump, may it read all, is there room."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.backup import naming, records, tools
from litxdb.backup.manifest import Manifest, Source
from litxdb.backup.naming import Kind
from litxdb.backup.store import Store
from litxdb.database import Database
from litxdb.errors import BackupDamaged, ServerRefused, StoreUnusable

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

LEAST_SHARE = 0.2
"""The smallest part of a database's size that an archive of it takes, from experience: much of it are indexes."""
SHOWN = 5
LOOK_BACK = 5
"""Manifests of the same name that are read at most: reading one from an object store takes a while."""


@dataclass(frozen=True)
class Expectation:
    """How much is to be expected, by the last backup of the same database: bytes from pg_dump, and of the archive."""

    raw_bytes: int | None
    archive_bytes: int | None


def read_source(db: Database, session: Connection) -> Source:
    """Describe the database and its server."""
    version = session.info.server_version
    row: dict[str, Any] = queries.load("backup", "source", version).run(session)[0]
    endpoint = db.direct_endpoint
    return Source(
        **row,
        place=place(db),
        local=endpoint.is_local,
        system_identifier=_system_identifier(session),
        server_version=version,
    )


def place(db: Database) -> str:
    """Say where the database is, without user and password; this machine by its name, with the socket's directory."""
    endpoint = db.direct_endpoint
    hosts, ports = ",".join(endpoint.hosts), ",".join(endpoint.ports) or "5432"
    if endpoint.is_local:
        hosts = socket.gethostname() + (hosts if hosts.startswith("/") else "")
    return f"{hosts}:{ports}"


def _system_identifier(session: Connection) -> str | None:
    """Return what initdb gave the server, unless the role may not ask; it knows nothing of branches and copies."""
    with session.cursor() as cursor:
        cursor.execute("select has_function_privilege('pg_control_system()', 'execute')")
        if cursor.fetchone() != (True,):
            return None
        cursor.execute("select system_identifier::text from pg_control_system()")
        row = cursor.fetchone()
    return str(row[0]) if row else None


def find_pg_dump(db: Database, source: Source) -> tools.Tool:
    """Return the pg_dump for this server. Raises ToolMissing."""
    major = source.server_version // 10000
    return tools.find("pg_dump", major, db.settings, f"The server is PostgreSQL {major}")


def require_readable(session: Connection) -> None:
    """Raise ServerRefused, naming them, if there are tables or sequences that this role may not read whole.

    pg_dump would fail as well, of the first of them only.
    """
    rows = queries.load("backup", "unreadable", session.info.server_version).run(session)
    if not rows:
        return
    rows.sort(key=lambda row: bool(row["kind"] == "sequence"))  # whoever lacks a table lacks its sequence, too
    named = [f"{row['kind']} {row['name']}" for row in rows[:SHOWN]]
    rest = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    why = "row security hides rows of" if all(row["policy"] for row in rows) else "the role may not read"
    with session.cursor() as cursor:
        cursor.execute("select current_user")
        (role,) = cursor.fetchone() or ("?",)
    raise ServerRefused(
        f"A backup by {role} would not be whole: {why} {', '.join(named)}{rest}.",
        f'Back up as the owner of all tables, or: grant pg_read_all_data to "{role}"'
        + (f'; alter role "{role}" bypassrls' if any(row["policy"] for row in rows) else ""),
    )


def caveats(session: Connection, tool: tools.Tool) -> tuple[str, ...]:
    """Say what the archive will have that not every server can restore.

    The minor releases of November 2026 keep a mark of their own among a column's options, which a pg_dump from before
    them writes out as an option: other servers refuse that.
    """
    with session.cursor() as cursor:
        cursor.execute("select exists (select from pg_attribute where array_to_string(attoptions, ' ') ~ 'pg_attver=')")
        (marked,) = cursor.fetchone() or (False,)
    if not marked or b"pg_attver" in tool.path.read_bytes():
        return ()
    return (
        f"pg_dump {tool.version} writes the column option pg_attver into the archive, which only servers like this one "
        "take; pg_dump of the server's own version does not",
    )


def expect(store: Store, source: Source, name: str) -> Expectation:
    """Estimate by the last backup of the same series, in proportion to the database's size; `name` is the new one's."""
    slug = naming.slug(name)
    names = sorted(
        (known.backup for each in store.list() if (known := naming.parse(each.file)) and known.kind is Kind.manifest),
        reverse=True,
    )
    for earlier in [each for each in names if naming.slug(each) == slug][:LOOK_BACK]:
        with contextlib.suppress(BackupDamaged, FileNotFoundError):
            then = records.read(store, naming.manifest_file(earlier), Manifest)
            if then.source.series == source.series and then.source.bytes:
                growth = source.bytes / then.source.bytes
                return Expectation(round(then.archive.raw_bytes * growth), round(then.archive.bytes * growth))
    return Expectation(None, None)


def require_room(store: Store, source: Source, expected: Expectation) -> None:
    """Raise StoreUnusable if the archive will hardly fit; without an earlier backup only if it cannot."""
    free = store.free_bytes()
    needed = expected.archive_bytes or round(source.bytes * LEAST_SHARE)
    if free is not None and free < needed:
        raise StoreUnusable(
            f"{store.where} has {free / 1e6:,.0f} MB free, and the backup will take about {needed / 1e6:,.0f} MB.",
            "Free some space there, prune old backups, or give --store another place.",
        )
