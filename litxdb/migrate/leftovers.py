"""What an interrupted run left half done: INVALID indexes and constraints NOT VALID, found and mended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.migrate.results import Leftover

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

KINDS = {"invalid_indexes": "index", "not_valid_constraints": "constraint"}
VISIBLE = 'select * from ({}) found where pg_table_is_visible(to_regclass("table"))'
TRANSIENT = re.compile(r"_cc(new|old)\d*\"?$")
"""What REINDEX CONCURRENTLY calls its second index; left by an interrupted one, it is to be dropped.
https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY"""


def find(connection: Connection) -> tuple[Leftover, ...]:
    """List them on the tables of the search path; what a session is building right now is none."""
    found = []
    for name, kind in KINDS.items():
        query = queries.load("checks", name, connection.info.server_version)
        visible = replace(query, statement=VISIBLE.format(query.statement))
        for row in visible.run(connection):
            remedy = query.key("remedy").format(**row)
            if kind == "index" and TRANSIENT.search(row["object"]):
                remedy = f"drop index concurrently {row['object']}"
            found.append(Leftover(kind, row["object"], row["table"], remedy))
    return tuple(found)


def repair(
    connection: Connection, left: Iterable[Leftover], lock_timeout_seconds: float, notify: Callable[[str], None]
) -> tuple[Leftover, ...]:
    """Mend each, and return them with what came of it; the connection is in autocommit.

    REINDEX, DROP INDEX CONCURRENTLY and VALIDATE CONSTRAINT take SHARE UPDATE EXCLUSIVE: reads and writes go on, even
    behind one that waits. What fails leaves no second index behind.
    """
    done = []
    usual = _set_lock_timeout(connection, f"{lock_timeout_seconds * 1000:.0f}ms")
    # the second indexes of an interrupted REINDEX first: the first index is mended anew
    for each in sorted(left, key=lambda each: not TRANSIENT.search(each.object)):
        notify(f"repairing what was left behind: {each.statement}")
        reason = _try(connection, each.statement)
        if reason:
            notify(f"could not be repaired: {reason}")
            if each.statement.startswith("reindex"):
                _drop_second(connection, each.object)
        done.append(replace(each, repaired=reason is None, reason=reason))
    _set_lock_timeout(connection, usual)
    return tuple(done)


def _set_lock_timeout(connection: Connection, value: str) -> str:
    """Set it for the session, and return what it was."""
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('lock_timeout'), set_config('lock_timeout', %s, false)", (value,))
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


def _drop_second(connection: Connection, index: str) -> None:
    for other in find(connection):
        if TRANSIENT.search(other.object) and TRANSIENT.sub("", other.object) == index.removesuffix('"'):
            _try(connection, other.statement)


def _try(connection: Connection, statement: str) -> str | None:
    """Run it, and return why it failed, if it did."""
    import psycopg2

    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except psycopg2.Error as error:
        return (error.diag.message_primary or str(error)).rstrip(".").splitlines()[0]
    return None
