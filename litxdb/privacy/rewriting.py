"""Rows of others that name an erased person: the name is replaced by a pseudonym, or set to null, the row stays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.ownership import Column, Ownership, Table, naming
from litxdb.privacy import scanning, values
from litxdb.privacy.results import Mention, Person
from litxdb.quoting import literal, quoted

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def kind(ownership: Ownership, mention: Mention) -> str | None:
    """Say what becomes of a column that names the person: pseudonymise, set null, or None where neither is possible."""
    column = ownership.schema.tables[mention.table].column(mention.column)
    assert column is not None
    if scanning.is_text(column) and not _is_pointer(ownership, mention):
        return "pseudonymise"
    return None if column.not_null else "set null"


def rewrite(connection: Connection, ownership: Ownership, person: Person, mention: Mention, pseudonym: str) -> int:
    """Take the person's values out of a column; returns how many rows that changed."""
    table = ownership.schema.tables[mention.table]
    column = table.column(mention.column)
    assert column is not None
    condition = scanning.search(ownership, table, person)[mention.column]
    if kind(ownership, mention) == "set null":
        return _update(connection, table, {mention.column: "null"}, condition)
    value = replaced(ownership, column, person, pseudonym)
    key = scanning.id_columns(ownership, table, person).get(mention.column)
    if key is not None:
        instead = literal(pseudonym) if column.not_null else "null"
        value = f"case when t.{quoted(column.name)}::text = {literal(key)} then {instead} else {value} end"
    return _update(connection, table, {mention.column: value}, condition)


def replace_columns(
    connection: Connection, table: Table, columns: tuple[str, ...], condition: str, pseudonym: str
) -> int:
    """Make columns of rows that stay null, or where they may not be null a pseudonym."""
    values = {}
    for name in columns:
        column = table.column(name)
        if column is not None:
            values[name] = f"{literal(pseudonym)}::{column.type}" if column.not_null else "null"
    return _update(connection, table, values, condition) if values else 0


def clear(connection: Connection, table: Table, columns: tuple[str, ...], condition: str) -> int:
    """Set columns to null."""
    return _update(connection, table, dict.fromkeys(columns, "null"), condition)


def replaced(ownership: Ownership, column: Column, person: Person, pseudonym: str) -> str:
    """Return the column's text with a pseudonym in the place of each value, and null in that of an id within JSON."""
    value = f"t.{quoted(column.name)}::text"
    for name, known in person.identifiers.items():
        flags = "gi" if name in person.caseless else "g"
        for spelling in values.spellings(known):
            sought = literal(values.pattern(spelling))
            instead = literal("\\1" + pseudonym)
            value = f"regexp_replace({value}, {sought}, {instead}, '{flags}')"
    if len(person.key) == 1:
        names = naming(ownership.schema, ownership.policy).pattern
        (key,) = person.key.values()
        under = rf'("(?:{names})"\s*:\s*)"?{re.escape(key)}"?(\s*[],}}])'
        value = f"regexp_replace({value}, {literal(under)}, '\\1null\\2', 'g')"
    return f"({value})::{column.type}"


def _is_pointer(ownership: Ownership, mention: Mention) -> bool:
    return any(
        pointer.edge.table == mention.table and pointer.column == mention.column and pointer.soft.key is None
        for pointer in ownership.pointers
    )


def _update(connection: Connection, table: Table, values: dict[str, str], condition: str) -> int:
    settings = ", ".join(f"{quoted(name)} = {value}" for name, value in values.items())
    with connection.cursor() as cursor:
        cursor.execute(queries.tagged(f"update {table.source} t set {settings} where {condition}"))
        return int(cursor.rowcount)
