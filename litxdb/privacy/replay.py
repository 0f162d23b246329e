"""Erasing again: a restored database has people in it who were erased since the backup was made."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.database import Database
from litxdb.errors import Refused
from litxdb.ownership import Policy, Schema, Table, read_schema
from litxdb.privacy import ledger, sessions
from litxdb.privacy.erase import erase
from litxdb.privacy.export import Request
from litxdb.privacy.results import Certificate, Entry
from litxdb.quoting import quoted

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

AT_ONCE = 10_000


def replay(
    db: Database,
    entries: Iterable[Entry],
    key: bytes,
    *,
    policy: Policy,
    watch: Callable[[str], None] = lambda doing: None,
) -> tuple[Certificate, ...]:
    """Erase whoever of the ledger's people is in this database, each in a transaction; returns what was done.

    Nobody must use the database before this is done; done twice, the second time does nothing. Raises Refused where
    the key is not the one that the entries were made with, and what `erase` raises.
    """
    known = tuple(entries)
    if not known:
        return ()
    ledger.require(known, key)
    with sessions.opened(db, lock_seconds=sessions.PATIENCE_SECONDS) as connection:
        schema = read_schema(connection)
        _require_policy(schema, policy, known)
        found = tuple(_present(connection, schema, policy, known, key))
    return tuple(
        erase(db, Request(who, policy, by_key=True), key=key, known_as=entry, watch=watch) for who, entry in found
    )


def known_erasures(db: Database, beside: ledger.Beside | None, *, replaced: bool) -> tuple[Entry, ...]:
    """Return the erasures that a backup may not know of: those beside the backups and, if it will be `replaced`, those
    of the database itself.
    """
    entries = {each.id: each for each in (ledger.read(beside) if beside else ())}
    if replaced:
        with contextlib.closing(db.connect(direct=True)) as connection:
            entries |= {each.id: each for each in ledger.read_table(connection)}
    return tuple(sorted(entries.values(), key=lambda each: (each.erased_at, each.id)))


def _present(
    connection: Connection, schema: Schema, policy: Policy, entries: tuple[Entry, ...], secret: bytes
) -> Iterator[tuple[str, Entry]]:
    """List who is there, by primary key, with the entry."""
    root = schema.find(policy.root)
    if root is None:
        return
    ways = {entry.identity for entry in entries if entry.root == root.table}
    for identity in ways:
        subjects = {entry.subject: entry for entry in entries if entry.identity == identity}
        for key, values in _people(connection, root, identity):
            entry = subjects.get(ledger.subject(secret, root.table, values))
            if entry is not None:
                yield key, entry


def _require_policy(schema: Schema, policy: Policy, entries: tuple[Entry, ...]) -> None:
    """Refuse to pass over people of a table that is there and that the policy is not about."""
    root = schema.find(policy.root)
    others = sorted(
        {each.root for each in entries if each.root in schema.tables and (not root or each.root != root.table)}
    )
    if others:
        raise Refused(
            f"The ledger has erasures of people in {', '.join(others)}, and the policy is about {policy.root}.",
            "Name the policy that they were erased by, with --policy.",
        )


def _people(connection: Connection, root: Table, identity: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    if any(root.column(name) is None for name in identity):
        return  # the backup is older than the column
    columns = ", ".join(f"t.{quoted(name)}::text" for name in (*root.key, *identity))
    connection.autocommit = False
    with connection, contextlib.closing(connection.cursor("litxdb_people")) as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(queries.tagged(f"select {columns} from {root.source} t"))
        for row in cursor:
            yield ",".join(row[: len(root.key)]), [str(value) for value in row[len(root.key) :]]
    connection.autocommit = True
