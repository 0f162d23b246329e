"""Filling a scratch database with made-up rows, as many as the target has, that keep every rule of its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.migrate.rehearsal.expressions import DIMENSIONS, POOL, VECTORS
from litxdb.migrate.rehearsal.insertion import ALTERNATIVES, Insertion, prepare
from litxdb.migrate.rehearsal.results import Filled
from litxdb.migrate.rehearsal.tables import ForeignKey, Table, read_tables
from litxdb.migrate.rehearsal.target import Target

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

SLOW_ROWS = 1000
"""Rows of a table with a vector index: measured 2 ms a row, with 1,536 dimensions."""

MAKE_POOL = f"""
create temp table {POOL.removeprefix("pg_temp.")} (number int primary key, bytes bytea, reals real[]);
insert into {POOL}
select
    n,
    case n when 0 then (select decode(string_agg(md5(i::text), ''), 'hex') from generate_series(1, 4096) i) end,
    (select array_agg((hashint4(n * 65536 + i) / 2147483648.0)::real) from generate_series(1, %s) i)
from generate_series(0, {2 * VECTORS - 1}) n
"""


def fill(db: Database, target: Target, version_table: str, most: int) -> tuple[Filled, ...]:
    """Fill every table with as many rows as the target has, at most so many, and ANALYZE.

    Parents come first, so that foreign keys hold; those that go in a circle are set at the end. Triggers do not fire.
    A table for which no rows are found that its rules accept stays empty, and is returned with the reason. Needs a
    superuser.
    """
    with closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        # No trigger runs: neither those of foreign keys, which hold by construction, nor the schema's own.
        cursor.execute("set session_replication_role = replica")
        cursor.execute("set timezone = 'UTC'")
        tables = read_tables(connection, version_table, target.widths)
        cursor.execute(MAKE_POOL, (_dimensions(tables),))
        wanted = _wanted(tables, target.rows)
        counts: dict[str, int] = {}
        filled: list[Filled] = []
        circular: list[tuple[Table, ForeignKey]] = []
        for table, later in _ordered(tables):
            rows = min(wanted[table.name], most, SLOW_ROWS if table.slow else most)
            reason = _fill(cursor, prepare(cursor, table, counts, later), rows)
            cursor.execute(f"select count(*) from {table.name}")
            counts[table.name] = (cursor.fetchone() or (0,))[0]
            empty = counts[table.name] == 0 < rows
            filled.append(
                Filled(table.name, target.rows.get(table.name, 0), counts[table.name], reason if empty else None)
            )
            circular += [(table, key) for key in later]
        for table, key in circular:
            _connect(cursor, table, key, counts)
        cursor.execute("vacuum (analyze)")
    return tuple(filled)


def _fill(cursor: Cursor, insertion: Insertion, rows: int) -> str | None:
    """Add rows up to that many, and return why there are none."""
    import psycopg2

    if insertion.missing:
        return insertion.missing
    name = insertion.table.name
    cursor.execute(f"select count(*) from {name}")
    there = (cursor.fetchone() or (0,))[0]
    if there >= rows:
        return None
    insertion.settle(rows)
    reason = "no row was found that its checks accept"
    for alternative in ALTERNATIVES:
        try:
            cursor.execute(insertion.statement(there, rows - there, alternative))
        except psycopg2.Error as error:
            reason = str(error.diag.message_primary or error)
            continue
        if cursor.rowcount > 0:
            return None
    return reason


def _connect(cursor: Cursor, table: Table, key: ForeignKey, counts: Mapping[str, int]) -> None:
    """Let the rows of a table refer to rows of one that was filled after it; they stay NULL where a rule forbids it."""
    import contextlib

    import psycopg2

    if not counts.get(key.parent) or not counts.get(table.name):
        return
    pairs = list(enumerate(zip(key.columns, key.keys, strict=True)))
    setting = ", ".join(f"{ours} = litxdb_parent.litxdb_key_{place}" for place, (ours, _) in pairs)
    keys = ", ".join(f"{theirs} as litxdb_key_{place}" for place, (_, theirs) in pairs)
    with contextlib.suppress(psycopg2.Error):
        cursor.execute(
            f"update {table.name} as litxdb_child set {setting} "
            f"from (select row_number() over () - 1 as litxdb_number, {keys} from {key.parent}) as litxdb_parent, "
            f"(select row_number() over () - 1 as litxdb_number, ctid as litxdb_place from {table.name}) as litxdb_row "
            "where litxdb_child.ctid = litxdb_row.litxdb_place "
            f"and litxdb_parent.litxdb_number = litxdb_row.litxdb_number % {counts[key.parent]}"
        )


def _wanted(tables: Mapping[str, Table], rows: Mapping[str, int]) -> dict[str, int]:
    """Return how many rows each table should have; one that others cannot do without has some, whatever is counted."""
    wanted = {name: rows.get(name, 0) for name in tables}
    for _ in tables:  # as long as the longest chain of parents can be
        before = dict(wanted)
        for table in tables.values():
            for key in table.foreign_keys:
                if wanted[table.name] and not wanted.get(key.parent) and table.required(key) and key.parent in wanted:
                    wanted[key.parent] = min(wanted[table.name], 100)
        if wanted == before:
            break
    return wanted


def _ordered(tables: Mapping[str, Table]) -> Iterator[tuple[Table, list[ForeignKey]]]:
    """Yield parents before children, and with a child the foreign keys whose parents come after it."""
    left = dict(tables)
    while left:

        def waits(table: Table, *, required: bool) -> list[ForeignKey]:
            keys = (key for key in table.foreign_keys if key.parent in left)
            return [key for key in keys if table.required(key) or not required]

        free = next((each for each in left.values() if not waits(each, required=False)), None)
        free = free or next((each for each in left.values() if not waits(each, required=True)), None)
        free = free or next(iter(left.values()))
        later = [key for key in waits(free, required=False) if not free.required(key)]
        del left[free.name]
        yield free, later


def _dimensions(tables: Mapping[str, Table]) -> int:
    """Return the most dimensions that a vector has."""
    vectors = (column for table in tables.values() for column in table.columns if column.base in ("vector", "halfvec"))
    return max((int(column.modifier.strip("()") or DIMENSIONS) for column in vectors), default=1)
