"""A database to restore into: it is empty at first, and bears a mark until it is whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.database import Database
from litxdb.errors import Refused

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

UNFINISHED = "litxdb_restoring"
"""A schema that is there as long as the database is not whole: a killed run leaves it."""

PLURALS = {"index": "indexes", "policy": "policies"}
BESIDE = """
select 'schema', count(*) from pg_namespace n
where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public') and not exists (
    select from pg_depend d where d.classid = 'pg_namespace'::regclass and d.objid = n.oid and d.deptype = 'e')
union all select 'large object', count(*) from pg_largeobject_metadata
"""


def require_empty(session: Connection, db: Database) -> None:
    """Raise Refused, saying what is there, unless the database has nothing but extensions."""
    counts: dict[str, int] = {}
    for row in queries.load("backup", "objects", session.info.server_version).run(session):
        counts[row["kind"]] = counts.get(row["kind"], 0) + 1
    with session.cursor() as cursor:
        cursor.execute(BESIDE)
        counts |= {kind: number for kind, number in cursor.fetchall() if number}
    require_finished(session, db)
    if counts:
        found = ", ".join(_count(number, kind) for kind, number in counts.items())
        raise Refused(
            f"{db.direct_endpoint} is not empty: {found}.",
            "Restore into an empty database, or give --replace: the old one is kept until you drop it.",
        )


def require_finished(session: Connection, db: Database) -> None:
    """Raise Refused if a restore into the database was interrupted, so that nobody takes for whole what is there."""
    with session.cursor() as cursor:
        cursor.execute("select to_regnamespace(%s) is not null", (UNFINISHED,))
        unfinished = cursor.fetchone() == (True,)
    if unfinished:
        raise Refused(
            f"{db.direct_endpoint} holds part of a restore that was interrupted (it has the schema {UNFINISHED}).",
            "Drop the database and create it anew, or restore with --replace.",
        )


@contextlib.contextmanager
def marked(session: Connection, db: Database, *, said: bool) -> Iterator[None]:
    """Have the schema UNFINISHED there until the block has ended well, and else perhaps say that it stays."""
    with session.cursor() as cursor:
        cursor.execute(f"create schema {UNFINISHED}")
        try:
            yield
        except BaseException:
            if said:
                db.notify(
                    f"warning: a part of the backup is left in {db.direct_endpoint.dbname}, with the schema "
                    f"{UNFINISHED}: drop the database and create it anew before you restore into it again"
                )
            raise
        cursor.execute(f"drop schema {UNFINISHED}")


def _count(number: int, kind: str) -> str:
    """Write a number of things.

    >>> _count(1, "index"), _count(2, "index"), _count(3, "view")
    ('1 index', '2 indexes', '3 views')
    """
    return f"{number} {kind}" if number == 1 else f"{number} {PLURALS.get(kind, f'{kind}s')}"
