"""Vectors themselves, some of each column: what the catalog cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.doctor.check import Context, Rows
from litxdb.doctor.probing import probe
from litxdb.doctor.results import Defect, Judgement, Reason, Skip
from litxdb.quoting import quoted_if_needed
from litxdb.vectors.sampling import ROWS, portion

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor


@dataclass(frozen=True)
class Sample:
    """What was found among so many rows; lengths are None where no row has a vector, or its type has none to tell."""

    rows: int
    nulls: int
    zeros: int
    shortest: int | None
    longest: int | None


def read(connection: Connection, name: str) -> Rows:
    """Run a bulk read on a check's own connection."""
    return queries.load("doctor", name, connection.info.server_version).read(connection)


def sampled(
    connection: Connection,
    context: Context,
    columns: Iterable[Any],
    judge: Callable[[Any, Sample], Defect | None],
) -> Judgement:
    """Judge each column of vectors by a sample of its rows."""

    def ask(cursor: Cursor, row: Any) -> Defect | None:
        require_readable(cursor, row)
        return judge(row, _take(cursor, row))

    return probe(connection, context, columns, ask)


def _take(cursor: Cursor, row: Any) -> Sample:
    length = f"{row.schema}.vector_dims(v)" if row.type != "sparsevec" else "null::int"
    cursor.execute(
        f"select count(*), count(*) filter (where v is null),"
        f" count(*) filter (where v operator({row.schema}.<=>) v = 'NaN'), min({length}), max({length})"
        f" from (select {row.column} as v from {row.table} {portion(row.rows)} limit {ROWS}) s"
    )
    found: Any = cursor.fetchone()
    return Sample(*found)


def require_readable(cursor: Cursor, row: Any) -> None:
    """Raise Skip where the role may not read a column, with what lets it."""
    if not row.readable:
        raise Skip(Reason.NO_PRIVILEGE, f"{row.table} cannot be read.", grant(cursor, row.table))


def grant(cursor: Cursor, table: str | None) -> str:
    """Return what lets the role of this connection read a table."""
    return f"grant select on {table} to {quoted_if_needed(cursor.connection.info.user)}"
