"""Removes a seeded world: the rows that seeding made, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.database import Database
from litxdb.errors import Refused
from litxdb.ownership import read_schema
from litxdb.quoting import quoted
from litxdb.seed import record
from litxdb.seed.baseline import FETCHERS
from litxdb.seed.fill import session
from litxdb.seed.record import World
from litxdb.seed.results import Removed
from litxdb.seed.world import FIRST

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor


def clean(db: Database, *, dry_run: bool = False, wait_seconds: float = 60) -> tuple[Removed, ...]:
    """Delete the seeded rows, edited ones included, in one transaction; nothing where there is no world.

    Raises Refused, naming them, while other rows refer to seeded ones: deleting would take them along, or fail.
    """
    with session(db, wait_seconds) as connection, connection.cursor() as cursor:
        connection.autocommit = False
        with connection:
            world = record.read(cursor)
            if world is None:
                return ()
            removed = _clean(connection, cursor, world)
            if dry_run:
                connection.rollback()
            else:
                _go_back(cursor, world)  # last: no transaction takes this back
        return removed


def _clean(connection: Connection, cursor: Cursor, world: World) -> tuple[Removed, ...]:
    schema = read_schema(connection)
    seeded = {found.table: table for table in world.tables if (found := schema.find(table.name))}
    references = [each for table in seeded for each in schema.into[table]]
    # nobody may add a reference between the look and the deed: it would be deleted with what it refers to
    locked = sorted({*seeded, *(each.table for each in references)})
    cursor.execute(queries.tagged(f"lock table {', '.join(locked)} in share row exclusive mode"))
    strangers = []
    for each in references:
        own = seeded.get(each.table)
        theirs = f"not {own.owns('c')}" if own else "true"
        pairs = zip(each.columns, each.target_columns, strict=True)
        same = " and ".join(f"c.{quoted(one)} = p.{quoted(other)}" for one, other in pairs)
        cursor.execute(
            f"select count(*) from {each.table} c join {each.target} p on {same} "
            f"where {seeded[each.target].owns('p')} and {theirs}"
        )
        (count,) = cursor.fetchone() or (0,)
        if count:
            strangers.append(f"{count} in {schema.tables[each.table].name} to {schema.tables[each.target].name}")
    if strangers:
        raise Refused(
            f"Rows that seeding did not make refer to seeded ones: {', '.join(strangers)}.",
            "Delete those first, or have them refer to rows of your own.",
        )
    removed = []
    for table in reversed(world.tables):
        cursor.execute(queries.tagged(f"delete from {table.name} t where {table.owns('t')}"))
        removed.append(Removed(table.name, cursor.rowcount))
    cursor.executemany(
        "insert into fetcher_state (fetcher, status, consecutive_errors) values (%s, 'idle', 0) on conflict do nothing",
        [(name,) for name in FETCHERS],
    )
    cursor.execute(record.DROP)
    return tuple(removed)


GO_BACK = """
select case when %(last)s is null then setval(q.seqrelid, q.seqstart, false) else setval(q.seqrelid, %(last)s) end
from pg_sequence q
where q.seqrelid = pg_get_serial_sequence(%(table)s, 'id')::regclass
    and pg_sequence_last_value(q.seqrelid) = (%(first)s + %(rows)s - 1)
"""


def _go_back(cursor: Cursor, world: World) -> None:
    """Put sequences back to where they were, unless somebody has drawn from them since."""
    for table in world.tables:
        if table.key == "number":
            about = {"table": table.name, "last": table.last_value, "first": FIRST, "rows": table.rows}
            cursor.execute(GO_BACK, about)
