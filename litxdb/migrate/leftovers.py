"""What an interrupted run left half done: INVALID indexes and constraints NOT VALID, found and mended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.migrate.graph import Revision
from litxdb.migrate.results import Leftover

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def find(connection: Connection, applied: Sequence[Revision]) -> tuple[Leftover, ...]:
    """List them on the tables of the search path, in the order in which they are mended.

    What a session is building right now is none. A constraint that one of the `applied` revisions leaves NOT VALID, by
    its name, is meant to be so: it waits for a later revision, or for rows that were there before the rule.
    """
    rows = queries.load("migrate", "leftovers", connection.info.server_version).run(connection)
    return tuple(
        Leftover(
            row["kind"],
            row["object"],
            row["table"],
            row["statement"],
            meant_by=_meant_by(row["name"], applied) if row["kind"] == "constraint" else None,
        )
        for row in rows
    )


def _meant_by(constraint: str, applied: Sequence[Revision]) -> str | None:
    """Return the last revision that speaks of the constraint, if it says NOT VALID of it and does not validate it."""
    name = rf"(?<!\w){re.escape(constraint)}(?!\w)"
    for revision in reversed(applied):
        text = revision.path.read_text(encoding="utf-8", errors="replace")
        if re.search(name, text):
            validated = re.search(rf"validate\s+constraint\W+{name}", text, re.IGNORECASE)
            says_so = re.search(r"not[\s_]valid", text, re.IGNORECASE)
            return revision.id if says_so and not validated else None
    return None


def repair(
    connection: Connection, left: Iterable[Leftover], lock_timeout_seconds: float, notify: Callable[[str], None]
) -> tuple[Leftover, ...]:
    """Mend each that nobody meant, and return them with what came of it; the connection is in autocommit.

    REINDEX, DROP INDEX CONCURRENTLY and VALIDATE CONSTRAINT take SHARE UPDATE EXCLUSIVE: reads and writes go on, even
    behind one that waits. What fails leaves no second index behind.
    """
    done = []
    usual = _set_lock_timeout(connection, f"{lock_timeout_seconds * 1000:.0f}ms")
    for each in (each for each in left if each.meant_by is None):
        notify(f"repairing what was left behind: {each.statement}")
        reason = _try(connection, each.statement)
        if reason:
            notify(f"could not be repaired: {reason}")
            for second in find(connection, ()):  # which the failed REINDEX has left
                if second.statement.startswith("drop") and second.table == each.table:
                    _try(connection, second.statement)
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


def _try(connection: Connection, statement: str) -> str | None:
    """Run it, and return why it failed, if it did."""
    import psycopg2

    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except psycopg2.Error as error:
        return (error.diag.message_primary or str(error)).rstrip(".").splitlines()[0]
    return None
