"""How far sequences and the columns that they fill are from their end.

A column ends where its type does, however far the sequence itself could count: an integer column under a bigint
sequence fails at 2,147,483,647. https://www.postgresql.org/docs/current/datatype-numeric.html
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from litxdb import queries, reading

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

LIMITS = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
"""Types of whole numbers, and the first number above each; any other type has no end."""


@dataclass(frozen=True)
class Sequence:
    """A sequence and a column that it fills; names are quoted and have their schema.

    `kind` is serial, identity, default (the column's default calls a sequence that is not the column's own), free (it
    fills no column) or assigned (no sequence: the application fills an integer primary key). `unread` says why its
    value is not known ("no privilege": SELECT is missing; "locked"); `last_value` is None, too, before the first one.
    """

    oid: int
    sequence: str | None
    kind: str
    table: str | None
    column: str | None
    type: str | None
    least: int
    most: int
    increment: int
    cycles: bool
    last_value: int | None
    unread: str | None

    @property
    def end(self) -> int:
        """The last value that both the sequence and the column's type can hold."""
        limit = LIMITS.get(self.type or "", 2**63)
        return min(self.most, limit - 1) if self.increment > 0 else max(self.least, -limit)

    @property
    def left(self) -> int | None:
        """How many values are left; None for one that begins anew, and where the value is not known."""
        if self.unread or (self.cycles and self.end in (self.least, self.most)):
            return None
        start = self.least if self.increment > 0 else self.most
        if self.last_value is None:
            return abs(self.end - start) // abs(self.increment) + 1
        return max(0, (self.end - self.last_value) // self.increment)

    @property
    def used_percent(self) -> float | None:
        """How much of the way from its beginning to its end lies behind it; None as for `left`.

        >>> one = Sequence(1, "s", "serial", "t", "c", "int4", 1, 2**63 - 1, 1, False, 2**30, None)
        >>> round(one.used_percent)
        50
        """
        if self.left is None:
            return None
        start = self.least if self.increment > 0 else self.most
        if self.last_value is None or self.end == start:
            return 0.0
        return min(100.0, max(0.0, 100 * (self.last_value - start) / (self.end - start)))


def read_sequences(connection: Connection) -> list[Sequence]:
    """Read all sequences, each with the columns that it fills; waits for no lock."""
    rows = queries.load("relations", "sequences", connection.info.server_version).run(connection)
    return [Sequence(**row) for row in rows]


def list_assigned_keys(connection: Connection) -> list[Sequence]:
    """List the integer primary keys that no sequence fills, their values not yet read; waits for no lock."""
    rows = queries.load("relations", "assigned_keys", connection.info.server_version).run(connection)
    return [
        Sequence(
            sequence=None,
            kind="assigned",
            least=1,
            most=LIMITS[row["type"]] - 1,
            increment=1,
            cycles=False,
            last_value=None,
            **row,
        )
        for row in rows
    ]


def read_assigned_key(cursor: Cursor, key: Sequence) -> Sequence:
    """Read a key's highest value, by its index: one page. Takes ACCESS SHARE on the table."""
    cursor.execute(queries.tagged(f"select max({key.column}) from {key.table}"))  # noqa: S608 - quoted by the server
    (highest,) = cursor.fetchone() or (None,)
    return replace(key, last_value=highest)


def read_assigned_keys(connection: Connection) -> Iterator[Sequence]:
    """List the integer primary keys that no sequence fills, and read the highest value of each.

    Takes ACCESS SHARE on each table in turn, within the connection's own lock_timeout; must be in a transaction.
    """
    import psycopg2

    for key in list_assigned_keys(connection):
        found = key if key.unread else replace(key, unread="locked")
        with (
            contextlib.suppress(psycopg2.errors.LockNotAvailable),
            reading.apart(connection),
            connection.cursor() as cursor,
        ):
            found = key if key.unread else read_assigned_key(cursor, key)
        yield found
