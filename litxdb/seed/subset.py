"""A subset of production to develop on: some people with all that belongs to them and all it refers to, masked."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from tempfile import SpooledTemporaryFile, gettempdir
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.database import Database
from litxdb.errors import ConfigurationInvalid, Refused
from litxdb.ownership import Schema, Table, read_schema
from litxdb.quoting import literal, quoted
from litxdb.seed import record
from litxdb.seed.baseline import baseline
from litxdb.seed.choosing import Chosen
from litxdb.seed.fill import DEFAULT_USER, Watch, ignore, refuse_production, refuse_strangers, session
from litxdb.seed.masking import Masking, Masks, litxplore
from litxdb.seed.results import Copied, Loaded, Subset

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

SPOOL = 64 << 20
MADE_UP = "ACR"
"""Arrays, composites and ranges, by PostgreSQL's letters."""
EMPTY = "Copy into a database of its own: an empty one, with the tables (litxdb migrate)."


def subset(
    source: Database,
    target: Database,
    users: int,
    *,
    key: str,
    heads: Collection[str] = (),
    masking: Masking | None = None,
    dry_run: bool = False,
    wait_seconds: float = 60,
    watch: Watch = ignore,
) -> Subset:
    """Copy so many people with their rows from `source`, a restored backup that nobody writes to, into `target`.

    What their rows refer to comes along, other people's rows too where a foreign key asks for them; every value goes by
    the policy, LitXplore's unless `masking` is another. The same `key` chooses the same people, and the same masks.
    The target has the tables already, and no rows beyond the baseline. One transaction: all of it, or nothing; with
    `dry_run` nothing is copied, and all the same is refused.
    Raises ConfigurationInvalid for a column that nobody classified, Refused for a target that is not fit, LockHeld.
    """
    refuse_production(target)
    ours = masking is None
    masking = masking or litxplore()
    with closing(source.connect()) as reading, session(target, wait_seconds) as writing:
        reading.set_client_encoding("UTF8")
        schema = read_schema(reading)
        chosen = Chosen(reading, schema, masking, key)
        chosen.collect(users)
        masks = Masks(schema, masking, key)
        tables = chosen.tables()
        masks.check(tables)
        _require_room(writing, tables, masking, target, heads if ours else None)
        left = {table.table: reason for name, reason in masking.left_out.items() if (table := schema.find(name))}
        if dry_run:
            planned = (Copied(table.table, chosen.count(table.table), masks.masked(table)) for table in tables)
            return Subset(chosen.people, tuple(planned), left)
        writing.autocommit = False
        with writing, writing.cursor() as cursor:
            if ours:
                # the baseline's comes back below: the backup has one of its own, or none, and perhaps its number
                cursor.execute(f"delete from users where {DEFAULT_USER}")
            copied = _copy(reading, cursor, schema, chosen, masks, tables, watch)
    if ours:
        baseline(target, heads=heads)
    return Subset(chosen.people, tuple(copied), left)


def _require_room(
    connection: Connection, tables: Sequence[Table], masking: Masking, target: Database, heads: Collection[str] | None
) -> None:
    """Raise Refused unless the target has these tables and columns, and no rows beyond the baseline."""
    there = read_schema(connection)
    for table in tables:
        known = there.tables.get(table.table)
        types = {column.name: column.type for column in known.columns} if known else {}
        missing = [column for column in table.columns if types.get(column.name) != column.type]
        if missing:
            column = f"the column {missing[0].name} {missing[0].type} of {table.table}"
            what = column if known else f"the table {table.table}"
            raise Refused(f"The database has not {what}, which the backup has.", "Bring its schema up to date first.")
    with connection.cursor() as cursor:
        if heads is not None:
            if record.read(cursor) is not None:
                raise Refused("The database holds a made-up world.", "Remove it first: litxdb seed --clean")
            baseline(target, heads=heads, dry_run=True)
            refuse_strangers(cursor, None, EMPTY)
            return
        for table in tables:
            cursor.execute(queries.tagged(f"select exists (select from {table.source})"))
            if cursor.fetchone() == (True,):
                raise Refused(f"The table {table.table} holds rows already.", EMPTY)


DEFINITIONS = """
select format('alter table %%s drop constraint %%I', k.conrelid::regclass, k.conname),
    format('alter table %%s add constraint %%I %%s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
from pg_constraint k
where k.contype = 'f' and k.conparentid = 0 and k.conname = %s and k.conrelid = %s::regclass
"""
SEQUENCES = """
select s.name, quote_ident(a.attname)
from pg_attribute a, lateral (select pg_get_serial_sequence(%(table)s, a.attname) as name) s
where a.attrelid = %(table)s::regclass and a.attnum > 0 and not a.attisdropped and s.name is not null
"""


def _copy(
    reading: Connection,
    cursor: Cursor,
    schema: Schema,
    chosen: Chosen,
    masks: Masks,
    tables: Sequence[Table],
    watch: Watch,
) -> list[Copied]:
    """Copy the tables; foreign keys of a cycle are taken off, and checked when they are put back."""
    place = {table.table: number for number, table in enumerate(tables)}
    mended = []
    for each in schema.references:
        if each.table in place and place.get(each.target, -1) > place[each.table]:
            cursor.execute(DEFINITIONS, (each.name, each.table))
            for drop, add in cursor.fetchall():
                cursor.execute(drop)
                mended.append(add)
    copied = []
    for table in tables:
        watch(table.table, None)
        start = time.perf_counter()
        count = _transfer(reading, cursor, chosen, masks, table)
        copied.append(Copied(table.table, count, masks.masked(table)))
        watch(table.table, Loaded(table.table, count, 0, time.perf_counter() - start))
        _advance(cursor, table)
    for statement in mended:
        cursor.execute(statement)
    cursor.execute(queries.tagged(f"analyze {', '.join(table.table for table in tables)}"))
    return copied


def _transfer(reading: Connection, cursor: Cursor, chosen: Chosen, masks: Masks, table: Table) -> int:
    """Copy one table's rows from server to server; what does not fit into memory waits in a file.

    In binary, which is quicker for vectors, but for types that others make up: they have other numbers elsewhere.
    """
    form = "text" if any(column.category in MADE_UP for column in table.columns) else "binary"
    names = [column.name for column in table.columns if not column.generated]
    rows = chosen.rows(table, (masks.expression(table, name) for name in names))
    listed = ", ".join(map(quoted, names))
    with _room(), SpooledTemporaryFile(SPOOL) as spool, reading.cursor() as source:
        source.copy_expert(f"copy ({rows}) to stdout with (format {form})", spool)
        spool.seek(0)
        cursor.copy_expert(f"copy {table.table} ({listed}) from stdin with (format {form})", spool)
        return int(cursor.rowcount)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationInvalid(
            f"Rows could not be kept in {gettempdir()} on their way: {error.strerror}.",
            "Free some space there, or set TMPDIR to a directory on a larger disk.",
        ) from error


def _advance(cursor: Cursor, table: Table) -> None:
    """Move the table's sequences past its rows; never back."""
    cursor.execute(SEQUENCES, {"table": table.table})
    for sequence, column in cursor.fetchall():
        name = literal(sequence)
        cursor.execute(
            f"select setval({name}, m.value) from (select max({column}) as value from {table.table}) m "
            f"where m.value > coalesce(pg_sequence_last_value({name}), 0)"
        )
