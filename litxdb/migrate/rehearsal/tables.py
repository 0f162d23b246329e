"""The tables of a scratch database, as far as one must know them to fill them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.migrate.rehearsal.expressions import Column
from litxdb.migrate.rehearsal.target import Width

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


NAME = "select relnamespace::regnamespace || '.' || quote_ident(relname) from pg_class where oid = to_regclass(%s)"


@dataclass(frozen=True)
class Check:
    """A condition that must not be false of any row, and the columns that it is about."""

    columns: tuple[str, ...]
    expression: str


@dataclass(frozen=True)
class ForeignKey:
    """Columns that repeat the keys of another table's row, or are NULL."""

    columns: tuple[str, ...]
    parent: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table and its rules; `slow` when it has an index that takes long to fill."""

    name: str
    columns: tuple[Column, ...]
    checks: tuple[Check, ...]
    foreign_keys: tuple[ForeignKey, ...]
    unique: tuple[tuple[str, ...], ...]
    slow: bool

    def column(self, name: str) -> Column:
        """Return the column of this name."""
        return next(column for column in self.columns if column.name == name)

    def required(self, key: ForeignKey) -> bool:
        """Whether no row can do without this foreign key."""
        return any(self.column(name).required for name in key.columns)


@dataclass
class _Rules:
    checks: list[Check] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    unique: list[tuple[str, ...]] = field(default_factory=list)
    slow: bool = False

    def add(self, row: Mapping[str, Any]) -> None:
        columns = tuple(row["columns"] or ())
        if row["kind"] == "check":
            self.checks.append(Check(columns, row["expression"] or "true"))
        elif row["kind"] == "foreign":
            self.foreign_keys.append(ForeignKey(columns, row["parent"], tuple(row["keys"])))
        elif row["kind"] == "unique":
            self.unique.append(columns)
        self.slow = self.slow or row["kind"] == "slow"

    def table(self, name: str, columns: list[Column]) -> Table:
        rules = tuple(self.checks), tuple(self.foreign_keys), tuple(self.unique)
        return Table(name, tuple(columns), *rules, self.slow)


def read_tables(
    connection: Connection, version_table: str, widths: Mapping[tuple[str, str], Width]
) -> dict[str, Table]:
    """Read all tables but the version table, on a connection in autocommit; `widths` are the target's."""
    version = connection.info.server_version
    with connection.cursor() as cursor:
        cursor.execute(NAME, (version_table,))
        left_out = (cursor.fetchone() or ("",))[0]
        # what PostgreSQL writes then names every schema, and means the same whatever the path is
        cursor.execute("set search_path = ''")
        columns = queries.load("rehearse", "columns", version).run(connection)
        found = queries.load("rehearse", "rules", version).run(connection)
        cursor.execute("reset search_path")
    rules: dict[str, _Rules] = {}
    for row in found:
        rules.setdefault(row["table"], _Rules()).add(row)
    tables: dict[str, list[Column]] = {}
    for row in columns:
        if row["table"] != left_out:
            tables.setdefault(row["table"], []).append(_column(row, widths))
    return {name: rules.get(name, _Rules()).table(name, theirs) for name, theirs in tables.items()}


def _column(row: dict[str, Any], widths: Mapping[tuple[str, str], Width]) -> Column:
    known = widths.get((row["table"], row["column"]))
    fields = {**row, "name": row["column"], "labels": tuple(row["labels"] or ())}
    del fields["column"]
    return Column(**fields, width=known.width if known else None, nulls=known.nulls if known else 0)
