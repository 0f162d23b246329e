"""Recall and time of searches by an HNSW index for several ef_search, and what follows from them."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, Refused, ServerRefused, ToolMissing
from litxdb.vectors.results import RecallReport, SearchFigures
from litxdb.vectors.searching import Searches

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

TRIED = (40, 64, 100, 200, 400)
"""ef_search from pgvector's default on."""
MOST = 1000
TARGET = 0.95
STATEMENT = """
select
    format(
        'alter role %%I in database %%I set hnsw.ef_search = %%s',
        coalesce(%s, current_user), current_database(), %s::int
    ),
    (
        select format('select ''[1]''::%%I.vector', n.nspname)
        from pg_extension e join pg_namespace n on n.oid = e.extnamespace
        where e.extname = 'vector'
    )
"""
"""And what has the library loaded before: only then may a role that is no superuser set what belongs to it."""


def measure_recall(
    db: Database,
    index: str | None = None,
    *,
    nearest: int = 10,
    searches: int = 50,
    tried: Sequence[int] = TRIED,
    target: float = TARGET,
    progress: Callable[[str], None] = lambda text: None,
) -> RecallReport:
    """Search for rows of the table, exactly and by the index with each ef_search, the session's own among them.

    Reads the table once for each exact search, in one read-only transaction. `index` may be left out where there is
    but one HNSW index. Raises ArgumentInvalid for what cannot be measured, Refused where there are no vectors.
    """
    if not 1 <= nearest <= MOST or not 1 <= searches <= 1000 or not 0 < target <= 1:
        raise ArgumentInvalid("That cannot be measured.", "1 to 1000 nearest and searches; a target up to 1.")
    if wrong := [value for value in tried if not 1 <= value <= MOST]:
        raise ArgumentInvalid(f"There is no ef_search of {wrong[0]}.", f"pgvector takes 1 to {MOST}.")
    with _reading(db) as connection, connection.cursor() as cursor:
        row = _chosen(connection, index)
        by_index = Searches.by(cursor, row, nearest)
        _load(cursor, row)
        present = _present(cursor)

        def shown(number: int) -> bool:
            progress(f"exact search {number + 1} of {searches}")
            return False

        truth, exact = by_index.truth(cursor, searches, shown)
        if not truth:
            raise Refused(f"{row.table} has no vectors to search for.", "Fill the column first.")
        rows = [SearchFigures(None, 1.0, *_percentiles(exact), 1.0)]
        for value in sorted({*tried, present}):
            progress(f"searches with ef_search = {value}")
            cursor.execute("select set_config('hnsw.ef_search', %s, true)", [str(value)])
            by_index.recall(cursor, truth)  # once to have the index in memory: the first would pay for all
            recall, times = by_index.recall(cursor, truth)
            middle, worst = _percentiles(times)
            rows.append(SearchFigures(value, recall, middle, worst, middle / rows[0].p50_ms))
    good = [row.ef_search for row in rows if row.ef_search is not None and row.recall >= target]
    return RecallReport(
        index=row.index,
        table=row.table,
        type=row.type,
        vectors=row.rows,
        nearest=nearest,
        searches=len(truth),
        target=target,
        present=present,
        recommended=min(good, default=None),
        rows=tuple(rows),
    )


def set_ef_search(db: Database, value: int, role: str | None = None, *, dry_run: bool = False) -> str:
    """Set the role's hnsw.ef_search in this database, for sessions that begin from now on; returns the statement.

    `role` is the connection's own unless given. Raises ArgumentInvalid for a value that pgvector does not take.
    """
    if not 1 <= value <= MOST:
        raise ArgumentInvalid(f"There is no ef_search of {value}.", f"pgvector takes 1 to {MOST}.")
    with contextlib.closing(db.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(queries.tagged(STATEMENT), [role, value])
        statement, load = _one(cursor)
        if load is None:
            raise ToolMissing("The extension vector is not installed in this database.", "Run: litxdb migrate")
        if not dry_run:
            cursor.execute(load)
            cursor.execute(statement)
            connection.commit()
    return str(statement)


def _one(cursor: Cursor) -> Any:
    return cursor.fetchone()


@contextlib.contextmanager
def _reading(db: Database) -> Iterator[Connection]:
    with contextlib.closing(db.connect()) as connection:
        connection.set_session(readonly=True)
        yield connection


def _chosen(connection: Connection, name: str | None) -> Any:
    found = queries.load("doctor", "vector_indexes", connection.info.server_version).read(connection)
    fitting = [row for row in found if row.method == "hnsw" and row.valid and not row.partial and row.type != "bit"]
    names = ", ".join(row.index for row in fitting) or "none"
    wanted = [row for row in fitting if name is None or name in (row.index, row.index.rpartition(".")[2])]
    if not wanted:
        called = f" called {name}" if name else ""
        raise ArgumentInvalid(f"There is no valid HNSW index{called}.", f"Those that can be measured: {names}.")
    if len(wanted) > 1:
        raise ArgumentInvalid("There are several HNSW indexes.", f"Name one: {names}.")
    row = wanted[0]
    if not row.readable:
        raise ServerRefused(f"{row.table} cannot be read.", f"grant select on {row.table} to {connection.info.user}")
    return row


def _load(cursor: Cursor, row: Any) -> None:
    """Have pgvector's library loaded: only then does the server know its settings."""
    cursor.execute(f"select '[1]'::{row.schema}.vector operator({row.schema}.<->) '[1]'")


def _present(cursor: Cursor) -> int:
    cursor.execute("select current_setting('hnsw.ef_search')::int")
    return int(_one(cursor)[0])


def _percentiles(times: list[float]) -> tuple[float, float]:
    return statistics.median(times), sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]
