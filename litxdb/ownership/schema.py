"""The schema as a graph: tables, and the foreign keys between them, read from the catalog in two queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.quoting import quoted

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


@dataclass(frozen=True)
class Column:
    """A column; `base` is the type's own name, behind a domain, and `category` PostgreSQL's letter for its kind.

    https://www.postgresql.org/docs/current/catalog-pg-type.html#CATALOG-TYPCATEGORY-TABLE
    """

    name: str
    type: str
    base: str
    category: str
    not_null: bool
    generated: bool
    comment: str | None


@dataclass(frozen=True)
class Table:
    """A table with its partitions, or a materialized view; `table` is its name quoted, with its schema."""

    table: str
    schema: str
    name: str
    partitioned: bool
    view: bool
    comment: str | None
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def source(self) -> str:
        """What stands behind FROM: tables that inherit from this one are tables of their own, partitions are not.

        A foreign key does not hold for the rows of the first.
        """
        return f"{'' if self.partitioned else 'only '}{quoted(self.schema)}.{quoted(self.name)}"

    def column(self, name: str) -> Column | None:
        """Return the column of this name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Reference:
    """A foreign key: columns of `table` that name a row of `target`; column names are as they are, unquoted."""

    name: str
    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    on_delete: str
    nullable: bool

    @property
    def label(self) -> str:
        """What a person calls it: the table and its columns.

        >>> Reference("t_u_fkey", "public.t", ("u", "v"), "public.u", ("id", "v"), "cascade", False).label
        'public.t.u,v'
        """
        return f"{self.table}.{','.join(self.columns)}"


@dataclass(frozen=True)
class Schema:
    """All tables by name, and all foreign keys between them; materialized `views` belong to no foreign key."""

    tables: Mapping[str, Table]
    references: tuple[Reference, ...]
    views: Mapping[str, Table] = field(default_factory=dict)

    @cached_property
    def into(self) -> Mapping[str, tuple[Reference, ...]]:
        """The foreign keys that point at each table."""
        return _grouped(self.tables, ((each.target, each) for each in self.references))

    @cached_property
    def out_of(self) -> Mapping[str, tuple[Reference, ...]]:
        """The foreign keys that each table has."""
        return _grouped(self.tables, ((each.table, each) for each in self.references))

    def find(self, name: str) -> Table | None:
        """Return a table by its quoted name, or by a plain one, with its schema or in `public`."""
        return _find(self.tables, name)

    def find_view(self, name: str) -> Table | None:
        """Return a materialized view by its name, in the same way."""
        return _find(self.views, name)


def _find(tables: Mapping[str, Table], name: str) -> Table | None:
    if name in tables:
        return tables[name]
    schema, _, bare = name.rpartition(".")
    wanted = (schema or "public", bare)
    return next((each for each in tables.values() if (each.schema, each.name) == wanted), None)


def _grouped(tables: Iterable[str], pairs: Iterable[tuple[str, Reference]]) -> dict[str, tuple[Reference, ...]]:
    groups: dict[str, list[Reference]] = {table: [] for table in tables}
    for table, reference in pairs:
        groups[table].append(reference)
    return {table: tuple(group) for table, group in groups.items()}


def read_schema(connection: Connection) -> Schema:
    """Read it; waits for no lock on any table."""
    version = connection.info.server_version
    found = {
        row["table"]: Table(
            **{**row, "key": tuple(row["key"]), "columns": tuple(Column(*each) for each in row["columns"])}
        )
        for row in queries.load("ownership", "tables", version).run(connection)
    }
    references = tuple(
        Reference(**{**row, "columns": tuple(row["columns"]), "target_columns": tuple(row["target_columns"])})
        for row in queries.load("ownership", "references", version).run(connection)
    )
    tables, views = ({name: each for name, each in found.items() if each.view is kind} for kind in (False, True))
    known = tuple(each for each in references if each.table in tables and each.target in tables)
    return Schema(tables, known, views)


def read_unsearched(connection: Connection) -> tuple[str, ...]:
    """Name what may hold rows or texts, and is neither a table nor a view that `read_schema` returns."""
    found = queries.load("ownership", "unsearched", connection.info.server_version).run(connection)
    return tuple(row["what"] for row in found)
