"""Rows as JSON, made by the server: times with their zone, JSON as JSON, vectors as arrays, other people unnamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.ownership import Closure, Column, Ownership, Table
from litxdb.privacy.objects import json_object, json_value
from litxdb.privacy.results import Person
from litxdb.quoting import literal, quoted

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

VECTORS = frozenset({"vector", "halfvec"})
READ_JSON = """
create or replace function pg_temp.litxdb_read_json(value text) returns json language plpgsql strict as $$
begin
    if value ~ '^\\s*[[{]' then
        return translate(value, E'\\n\\r', '  ')::json;  -- line ends are between its parts only
    end if;
    return to_json(value);
exception when others then  -- it is no JSON, or nested too deeply; pg_input_is_valid() is PostgreSQL 16's
    return to_json(value);
end $$
"""


def prepare(connection: Connection) -> None:
    """Make what `owned` calls, for this session: before a transaction that is read only."""
    with connection.cursor() as cursor:
        cursor.execute(queries.tagged(READ_JSON))


def owned(ownership: Ownership, closure: Closure, table: str, person: Person, salt: str, *, vectors: bool) -> str:
    """Return the query of the person's rows of a table, each one JSON object as text.

    Whoever else a row names is written as `another person` and a few digits, the same for the same person within one
    export: by the salt, which is kept nowhere.
    """
    known = ownership.schema.tables[table]
    left_out = _left_out(ownership, table)
    masks = _masks(ownership, known, person, salt)
    parsed = ownership.json_columns(table)
    members = {
        column.name: masks.get(column.name) or expression(column, closure.version, parsed=column.name in parsed)
        for column in known.columns
        if column.name not in left_out and (vectors or column.base not in VECTORS)
    }
    # the JSON is made in each part of the union, through which PostgreSQL would else carry the columns one by one
    return closure.select(table, json_object(members))


def referenced(ownership: Ownership, closure: Closure, table: str) -> str | None:
    """Return the query of the rows of a table that the person's rows point at without owning them; None if unreadable.

    Of them there is the primary key, and what makes them readable.
    """
    known = ownership.schema.tables[table]
    labels = ownership.label_columns(table)
    ways = _ways(ownership, closure, table)
    if not labels or not ways or table == ownership.root.table:
        return None
    shown = [column for column in known.columns if column.name in known.key or column.name in labels]
    members = {column.name: expression(column, closure.version) for column in shown}
    theirs = f" and not {closure.holds(table)}" if table in ownership.reasons else ""
    return f"select {json_object(members)} from {known.source} t where ({' or '.join(ways)}){theirs}"


def _ways(ownership: Ownership, closure: Closure, table: str) -> list[str]:
    ways = []
    for reference in ownership.schema.into[table]:
        if reference.table in ownership.reasons and ownership.excluded(reference.table) is None:
            ours = ", ".join(f"t.{quoted(name)}" for name in reference.target_columns)
            theirs = ", ".join(f"t.{quoted(name)}" for name in reference.columns)
            ways.append(f"({ours}) in ({closure.select(reference.table, theirs)})")
    for pointer in ownership.pointers:
        edge = pointer.edge
        if edge.target == table and edge.table in ownership.reasons:
            guard = f" and {edge.guard}" if edge.guard else ""
            source = ownership.schema.tables[edge.table].source
            inner = f"select {edge.values[0]} from {source} t where {closure.holds(edge.table)}{guard}"
            ways.append(f"t.{quoted(edge.target_columns[0])}::text in ({inner})")
    return ways


def expression(column: Column, version: int, *, parsed: bool = False) -> str:
    """Return a column's value as it stands in JSON, SQL over `t`; `parsed` is for texts that hold JSON.

    >>> at = Column("at", "timestamp without time zone", "timestamp", "D", True, False, None)
    >>> print(expression(at, 150000))
    coalesce(to_json(t."at" at time zone 'UTC'), 'null')
    """
    value = f"t.{quoted(column.name)}"
    if parsed:
        return json_value(f"pg_temp.litxdb_read_json({value}::text)")
    if column.base == "timestamp":  # LitXplore's, and most, are UTC
        return json_value(f"{value} at time zone 'UTC'", "timestamptz", version)
    if column.base == "json":  # may have line ends between its parts, and JSON lines may not
        return json_value(f"translate({value}::text, E'\\n\\r', '  ')::json")
    if column.base in VECTORS:
        return json_value(f"{value}::text::json")
    return json_value(value, column.base, version)


def _masks(ownership: Ownership, table: Table, person: Person, salt: str) -> dict[str, str]:
    """Return expressions for the columns that name a person, who may be another one."""
    masks: dict[str, str] = {}
    out_of = ownership.schema.out_of[table.table]
    naming = [each for each in out_of if each.target == ownership.root.table]
    if len(naming) == 1 and any(edge.label == naming[0].label and not edge.guard for edge in ownership.edges):
        return masks  # the one reference by which the row is this person's
    for reference in naming:
        if set(reference.target_columns) != set(person.key):
            continue
        pairs = zip(reference.columns, reference.target_columns, strict=True)
        mine = " and ".join(f"t.{quoted(column)}::text = {literal(person.key[target])}" for column, target in pairs)
        for column in reference.columns:
            value = f"t.{quoted(column)}"
            hashed = f"encode(sha256(convert_to({literal(salt)} || {value}::text, 'UTF8')), 'hex')"
            masks[column] = json_value(
                f"case when {value} is null or ({mine}) then to_jsonb({value}) "
                f"else to_jsonb('another person ' || left({hashed}, 8)) end"
            )
    return masks


def _left_out(ownership: Ownership, table: str) -> set[str]:
    labels = (label.rpartition(".") for label in ownership.policy.left_out)
    return {column for name, _, column in labels if (known := ownership.schema.find(name)) and known.table == table}
