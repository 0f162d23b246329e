"""Holding a wish for an index against what is there, before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from litxdb.errors import Refused, ServerRefused
from litxdb.indexes.definition import Request, define
from litxdb.indexes.present import Index, Table, find, tables
from litxdb.indexes.probe import Probed, probe
from litxdb.indexes.results import Definition
from litxdb.indexes.steps import remaining, twin
from litxdb.indexes.work import Statement

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

Wish = Definition | Request


@dataclass(frozen=True)
class Prepared:
    """A wish against what is there: what is left to do, and what the probe of its definition said, if one was made."""

    table: Table
    definition: Definition
    steps: Sequence[Statement]
    probed: Probed | None
    twin: Index | None = None


def prepare(connection: Connection, wish: Wish) -> Prepared:
    """Find out what is left to do; the connection is in autocommit.

    Raises ArgumentInvalid, Refused and ServerRefused when the index cannot be built, or its name belongs to another.
    """
    definition = define(connection, wish) if isinstance(wish, Request) else wish
    table = _table(connection, definition)
    probed = None
    if isinstance(wish, Request):
        _check_owner(table)
        probed = probe(connection, table, definition)
        definition = replace(definition, target=probed.target)
        if (same := twin(connection, table, definition)) is not None:
            return Prepared(table, definition, (), probed, same)
    steps = remaining(connection, table, definition)
    if steps and probed is None:
        _check_owner(table)
        probed = probe(connection, table, definition)
    return Prepared(table, definition, steps, probed)


def _table(connection: Connection, definition: Definition) -> Table:
    there = tables(connection)
    if definition.reason and not any(table.visible and table.name == definition.table for table in there):
        raise Refused(f"The table {definition.table} is not there yet.", "Bring the schema up to date: litxdb migrate")
    return find(definition.table, there, "table")


def _check_owner(table: Table) -> None:
    if not table.owned:
        raise ServerRefused(f"Only its owner may build an index on {table.quoted}.", f"Connect as {table.owner}.")
