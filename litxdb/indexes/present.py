"""What is there: tables and indexes, read from the catalog, and found by the names that people give them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from litxdb import queries
from litxdb.database import Database
from litxdb.errors import ArgumentInvalid
from litxdb.reading import limit

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

READING_SECONDS = 30.0


@dataclass(frozen=True)
class Index:
    """A row of sql/indexes/present.sql, which documents the fields."""

    oid: int
    table_oid: int
    name: str
    schema: str
    table: str
    quoted: str
    table_quoted: str
    visible: bool
    method: str
    is_unique: bool
    valid: bool
    partitioned: bool
    parent_oid: int | None
    constraint: str | None
    constraint_type: str | None
    referenced_by: list[str]
    replica_identity: bool
    bytes: int | None
    scans: int | None
    tuples_read: int | None
    last_used: datetime | None
    builder_pid: int | None
    phase: str | None
    fraction: float | None


@dataclass(frozen=True)
class Table:
    """A row of sql/indexes/tables.sql."""

    oid: int
    name: str
    schema: str
    quoted: str
    visible: bool
    owned: bool
    owner: str
    partitioned: bool


@dataclass(frozen=True)
class Spelling:
    """How PostgreSQL spells an index: the whole statement, and what follows the table in it."""

    target: str
    definition: str


class Named(Protocol):
    """A thing in a schema."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def schema(self) -> str:
        """Its schema."""

    @property
    def quoted(self) -> str:
        """Both, quoted."""

    @property
    def visible(self) -> bool:
        """Whether the search path leads to it."""


Thing = TypeVar("Thing", bound=Named)


@contextmanager
def reading(db: Database) -> Iterator[Connection]:
    """Open a transaction that changes nothing and waits for nobody, on the endpoint as given."""
    with closing(db.connect()) as connection:
        connection.set_session(readonly=True)
        limit(connection, READING_SECONDS)
        yield connection


def ask(connection: Connection, name: str, **parameters: object) -> list[dict[str, Any]]:
    """Run a query of sql/indexes."""
    return queries.load("indexes", name, connection.info.server_version).run(connection, **parameters)


def quote(connection: Connection, *names: str) -> str:
    """Write a name, and the schema before it, as PostgreSQL does: quoted where it must be."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select string_agg(quote_ident(name), '.' order by at) from unnest(%s) with ordinality n (name, at)",
            (list(names),),
        )
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


def indexes(connection: Connection) -> tuple[Index, ...]:
    """Read every index; waits for no lock."""
    return tuple(Index(**row) for row in ask(connection, "present"))


def tables(connection: Connection) -> tuple[Table, ...]:
    """Read every table that can have indexes; waits for no lock."""
    return tuple(Table(**row) for row in ask(connection, "tables"))


def spellings(connection: Connection, oids: Sequence[int]) -> dict[int, Spelling]:
    """Ask how these indexes are defined; those whose tables are locked are left out. Comes last in a transaction."""
    import psycopg2

    try:
        found = ask(connection, "definitions", indexes=list(oids)) if oids else []
    except psycopg2.errors.LockNotAvailable:  # somebody has locked one in this very moment
        return {}
    return {row["oid"]: Spelling(row["target"], row["definition"]) for row in found}


def since(connection: Connection) -> datetime | None:
    """Return the time from which this server has counted the scans of indexes."""
    rows = ask(connection, "window")
    return rows[0]["since"] if rows else None


def find(name: str, things: Sequence[Thing], kind: str) -> Thing:
    """Return the one thing meant by its name, with or without its schema, quoted or not.

    Raises ArgumentInvalid, with a suggestion, when there is none or several.
    """
    exact = [thing for thing in things if name in (thing.name, f"{thing.schema}.{thing.name}", thing.quoted)]
    exact = exact or [thing for thing in things if thing.quoted.endswith(f".{name}")]  # quoted, without its schema
    found = [thing for thing in exact if thing.visible or name != thing.name] if len(exact) > 1 else exact
    if len(found) == 1:
        return found[0]
    if exact:
        several = " or ".join(thing.quoted for thing in exact)
        raise ArgumentInvalid(f"There are several: {kind} {name} could be {several}.", "Write its schema before it.")
    near = difflib.get_close_matches(name, [thing.name for thing in things], n=1)
    raise ArgumentInvalid(f"There is no {kind} {name}.", f"Did you mean {near[0]}?" if near else None)
