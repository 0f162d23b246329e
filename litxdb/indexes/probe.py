"""Trying a definition on an empty table like the real one: PostgreSQL says what it means, or why it cannot be.

All in one transaction that is rolled back, so that no half-built index stays behind for a mistake that could be known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from litxdb.errors import LitxdbError, Refused, ServerRefused
from litxdb.indexes.present import Table, ask, quote, spellings
from litxdb.indexes.results import Definition
from litxdb.indexes.vectors import DEFAULT_M

if TYPE_CHECKING:
    import psycopg2
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

LOCK_TIMEOUT = "3s"
ANN = frozenset({"hnsw", "ivfflat"})
"""Access methods of pgvector, which leave out rows whose vector is null."""

TOO_LONG = re.compile(r"cannot have more than (?P<limit>\d+) dimensions")
NO_DIMENSIONS = "column does not have dimensions"


@dataclass(frozen=True)
class Facts:
    """A row of sql/indexes/facts.sql."""

    method: str
    keys: Sequence[str]
    predicate: str | None
    type: str
    dimensions: int
    options: dict[str, str]

    @property
    def m(self) -> int:
        """How many neighbours a row of an HNSW index has in each layer."""
        return int(self.options.get("m", DEFAULT_M))


@dataclass(frozen=True)
class Probed:
    """A definition as PostgreSQL understands it, and what it would apply to: rows, bytes of their keys, the table's.

    A partitioned table's own size is not known.
    """

    target: str
    facts: Facts
    rows: int
    key_bytes: int
    table_bytes: int | None


def probe(connection: Connection, table: Table, definition: Definition) -> Probed:
    """Try the definition; the connection is in autocommit.

    Raises Refused or ServerRefused, saying what is wrong with it; ServerRefused also where the table is locked.
    """
    import psycopg2

    columns = [row["quoted"] for row in ask(connection, "columns", table=table.oid)]
    stand_in = f"litxdb_probe_{os.urandom(4).hex()}"
    quoted = quote(connection, table.schema, stand_in)
    unique = "unique " if definition.unique else ""
    with _undone(connection, table.quoted) as cursor:
        cursor.execute(f"create unlogged table {quoted} (like {table.quoted})")
        try:
            cursor.execute(f"create {unique}index {stand_in}_index on {quoted} {definition.target}")
        except psycopg2.Error as error:
            raise _mistaken(error, table, definition, columns) from error
        cursor.execute("select %s::regclass::oid", (f"{quoted}_index",))
        (oid,) = cursor.fetchone() or (0,)
        facts = Facts(**ask(connection, "facts", index=oid)[0])
        return Probed(spellings(connection, [oid])[oid].target, facts, *_estimate(cursor, table.quoted, facts))


def examine(connection: Connection, table_quoted: str, index: int) -> Probed:
    """Say the same of an index that is there; waits at most 3 s for whoever locks its table."""
    with _undone(connection, table_quoted) as cursor:
        facts = Facts(**ask(connection, "facts", index=index)[0])
        return Probed("", facts, *_estimate(cursor, table_quoted, facts))


def _estimate(cursor: Cursor, table_quoted: str, facts: Facts) -> tuple[int, int, int | None]:
    """Ask the planner how many rows the index will have, and how wide its keys are; and how large the table is."""
    conditions = [f"({facts.predicate})"] if facts.predicate else []
    if facts.method in ANN:
        conditions.append(f"({facts.keys[0]}) is not null")
    where = f" where {' and '.join(conditions)}" if conditions else ""
    cursor.execute(f"explain (format json) select {', '.join(facts.keys)} from {table_quoted}{where}")
    explained = cursor.fetchone()
    cursor.execute(
        "select pg_relation_size(%s::regclass), relkind = 'p' from pg_class where oid = %s::regclass",
        [table_quoted] * 2,
    )
    measured = cursor.fetchone()
    assert explained is not None
    assert measured is not None
    plan, (size, partitioned) = explained[0][0]["Plan"], measured
    empty = not (size or partitioned)  # of a table without pages the planner thinks that it has ten
    return 0 if empty else int(plan["Plan Rows"]), int(plan["Plan Width"]), None if partitioned else size


@contextmanager
def _undone(connection: Connection, table_quoted: str) -> Iterator[Cursor]:
    """Run a block in a transaction that leaves nothing, and waits for nobody for long."""
    import psycopg2

    with connection.cursor() as cursor:
        cursor.execute(f"begin; set local lock_timeout = '{LOCK_TIMEOUT}'")
        try:
            yield cursor
        except psycopg2.errors.LockNotAvailable as error:
            raise ServerRefused(
                f"Somebody has locked {table_quoted}, so that nothing can be found out about it.",
                "Run this again once it is free; pg_locks shows who holds ACCESS EXCLUSIVE on it.",
            ) from error
        finally:
            if not connection.closed:
                cursor.execute("rollback")


def _mistaken(error: psycopg2.Error, table: Table, definition: Definition, columns: Sequence[str]) -> LitxdbError:
    """Say what is wrong with a definition, in terms of the real table."""
    said = (error.diag.message_primary or str(error)).rstrip(".")
    if said == NO_DIMENSIONS:
        return Refused(
            f"The vectors of {table.quoted} have no set length, and an index needs one.",
            "Set it (this rewrites the table): alter table … alter column … type vector(1536); "
            "or index an expression: --columns '(embedding::vector(1536))'.",
        )
    if too_long := TOO_LONG.search(said):
        return Refused(
            f"The vectors of {table.quoted} are too long: such an index takes {too_long['limit']} dimensions at most.",
            "halfvec goes up to 4000: --columns '(embedding::halfvec(3072))' --opclass halfvec_cosine_ops; "
            "beyond that use fewer dimensions, or binary_quantize().",
        )
    hint = error.diag.message_hint
    if error.pgcode == "42703":  # undefined_column: the server's hint would name our stand-in
        hint = f"Its columns are {', '.join(columns)}."
    if error.pgcode == "42704" and "operator class" in said:
        hint = "Name one with --opclass, such as vector_cosine_ops."
    return ServerRefused(f"The index {definition.name} on {table.quoted} cannot be: {said}.", hint)
