"""What is left to do until an index is there: the statements, from what stands in the catalog at this moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from litxdb.errors import Refused
from litxdb.indexes.definition import shortened
from litxdb.indexes.present import Index, Table, ask, indexes, quote, spellings
from litxdb.indexes.results import Definition
from litxdb.indexes.work import Statement

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def remaining(connection: Connection, table: Table, definition: Definition) -> list[Statement]:
    """Return the statements that build the index, none when it is there.

    The target must be spelled as PostgreSQL prints it. Raises Refused when its name belongs to another index.
    """
    there = indexes(connection)
    same = next((each for each in there if (each.schema, each.name) == (table.schema, definition.name)), None)
    if same is not None:
        _check_same(connection, same, table, definition)
    if same is not None and same.valid:
        return []
    if table.partitioned:
        return list(_by_partition(connection, table, definition, there, same))
    quoted = quote(connection, table.schema, definition.name)
    return [*([drop(quoted)] if same else []), build(connection, quoted, definition.name, table.quoted, definition)]


def twin(connection: Connection, table: Table, definition: Definition) -> Index | None:
    """Find an index of the table that is the same but for its name."""
    own = [each for each in indexes(connection) if each.table_oid == table.oid and each.valid]
    found = spellings(connection, [each.oid for each in own])
    wanted = (definition.target, definition.unique)
    same = (each for each in own if each.oid in found and (found[each.oid].target, each.is_unique) == wanted)
    return next(same, None)


def drop(quoted: str) -> Statement:
    """Drop an index without blocking anybody."""
    return Statement(f"drop index concurrently if exists {quoted}", f"Dropping {quoted}", quoted)


def build(connection: Connection, quoted: str, name: str, table_quoted: str, definition: Definition) -> Statement:
    """Build an index on one table without blocking anybody."""
    word = quote(connection, name)
    unique = "unique " if definition.unique else ""
    text = f"create {unique}index concurrently {word} on {table_quoted} {definition.target}"
    return Statement(text, f"Building {quoted}", quoted)


def _check_same(connection: Connection, index: Index, table: Table, definition: Definition) -> None:
    spelling = spellings(connection, [index.oid]).get(index.oid)
    same = spelling is None or (spelling.target, index.is_unique) == (definition.target, definition.unique)
    if index.table_oid == table.oid and same:
        return
    raise Refused(
        f"The index {index.quoted} is there, and it is another one: "
        f"{spelling.definition if spelling else f'on {index.table_quoted}'}.",
        f"Drop that first (litxdb index drop {index.name}), or give the new one another name with --name.",
    )


def _by_partition(
    connection: Connection, table: Table, definition: Definition, there: Sequence[Index], whole: Index | None
) -> Iterator[Statement]:
    """Build the index of a partitioned table: an empty one on the table, one on each partition, and join them.

    CONCURRENTLY is refused on a partitioned table. The index is INVALID until the last partition's has joined.
    https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE
    """
    top = quote(connection, table.schema, definition.name)
    standing: dict[int, Index | None] = {table.oid: whole}
    names = {table.oid: top}
    if whole is None:
        yield _shell(connection, definition.name, table.quoted, top, definition)
    for part in ask(connection, "partitions", table=table.oid):
        above = standing[part["parent_oid"]]
        own = [each for each in there if each.table_oid == part["oid"]]
        joined = next((each for each in own if above and each.parent_oid == above.oid), None)
        name = shortened(f"{part['name']}_{definition.name}")
        named = joined or next((each for each in own if each.name == name), None)
        quoted = named.quoted if named else quote(connection, part["schema"], name)
        standing[part["oid"]], names[part["oid"]] = named, quoted
        if joined is None:
            yield from _part(connection, part, name, quoted, named, definition)
            attach = f"alter index {names[part['parent_oid']]} attach partition {quoted}"
            yield Statement(attach, f"Joining {quoted}", quoted, brief=True)


def _part(
    connection: Connection, part: dict[str, Any], name: str, quoted: str, named: Index | None, definition: Definition
) -> Iterator[Statement]:
    if part["partitioned"]:
        if named is None:
            yield _shell(connection, name, part["quoted"], quoted, definition)
    elif named is None or not named.valid:
        if named is not None:
            yield drop(quoted)
        yield build(connection, quoted, name, part["quoted"], definition)


def _shell(connection: Connection, name: str, table_quoted: str, quoted: str, definition: Definition) -> Statement:
    unique = "unique " if definition.unique else ""
    text = f"create {unique}index {quote(connection, name)} on only {table_quoted} {definition.target}"
    return Statement(text, f"Making {quoted}", quoted, brief=True)
