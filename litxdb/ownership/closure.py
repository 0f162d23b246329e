"""Every row that belongs to somebody, found by the server: the foreign keys are followed until nothing new turns up.

What leads further is kept in temporary tables of keys, so cycles, references of a table to itself and rows that are
reached in two ways need no care. Rows at the ends, often the most, are kept nowhere: a condition says which they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.ownership.classifying import Edge
from litxdb.ownership.schema import Schema, Table
from litxdb.quoting import quoted

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


class Closure:
    """The rows that `edges` lead to from rows of `root`; several closures of one session need different prefixes.

    Making it creates temporary tables, which a read-only transaction cannot: make it before that begins, then `collect`
    within. Needs the privilege TEMPORARY, which PostgreSQL gives to everybody.
    """

    def __init__(
        self,
        connection: Connection,
        schema: Schema,
        root: Table,
        edges: Sequence[Edge],
        *,
        prefix: str = "litxdb_owned",
    ) -> None:
        self.version = connection.info.server_version
        self._connection, self._schema, self._root = connection, schema, root
        self._edges: dict[str, list[Edge]] = {}
        for edge in edges:
            self._edges.setdefault(edge.table, []).append(edge)
        self._columns: dict[str, tuple[str, ...]] = {root.table: root.key}
        for edge in edges:
            self._columns[edge.target] = tuple(
                dict.fromkeys((*self._columns.get(edge.target, ()), *edge.target_columns))
            )
        self._keys = {table: f"pg_temp.{prefix}_{number}" for number, table in enumerate(self._columns)}
        self._do(";\n".join(statement for table in self._keys for statement in self._creation(table)))

    def collect(self, condition: str, values: Mapping[str, object] | None = None, *, lock: bool = False) -> int:
        """Find all rows, from those of the root that fulfil the condition, SQL over `t`; returns how many of these.

        With `lock` each row that leads further is locked on the way (FOR UPDATE): nobody can then hang a new row on it,
        so what is found stays all there is. It takes as many rounds as the longest path has steps.
        """
        self._do(";\n".join(f"delete from {keys}" for keys in self._keys.values()))
        with self._connection.cursor() as cursor:
            condition = cursor.mogrify(condition, values).decode()  # names elsewhere may hold a percent sign
        number, found = 0, self._add(self._root.table, condition, 0, lock=lock)
        grown = {self._root.table} if found else set()
        while grown:
            number += 1
            steps = [edge for edges in self._edges.values() for edge in edges if edge.target in grown]
            grown = {
                edge.table
                for edge in steps
                if edge.table in self._keys
                and self._add(edge.table, self._follows(edge, number - 1), number, lock=lock)
            }
        self._do(f"analyze {', '.join(self._keys.values())}")
        return found

    def holds(self, table: str) -> str:
        """Return the condition, SQL over `t`, that holds for the table's rows that were found."""
        found = [self._follows(edge) for edge in self._edges.get(table, ())]
        if table == self._root.table:
            found.insert(0, self._is_root())
        return f"({' or '.join(found) or 'false'}) is true"

    def select(self, table: str, columns: str) -> str:
        """Return the query of the found rows, each once."""
        return "\nunion all\n".join(self.parts(table, columns))

    def parts(self, table: str, columns: str) -> list[str]:
        """Return the same as several queries, one for each way to the rows, as each has its own index."""
        source = self._schema.tables[table].source
        ways = [self._follows(edge) for edge in self._edges.get(table, ())]
        if table == self._root.table:
            ways.insert(0, self._is_root())
        parts = []
        for number, way in enumerate(ways):
            earlier = f" and ({' or '.join(ways[:number])}) is not true" if number else ""
            parts.append(f"select {columns} from {source} t where {way}{earlier}")
        return parts

    def close(self) -> None:
        """Drop the temporary tables."""
        self._do(f"drop table if exists {', '.join(self._keys.values())}")

    def _creation(self, table: str) -> Iterator[str]:
        """List the statements that make a table of keys: all go to the server at once, as they may be thousands."""
        keys, source = self._keys[table], self._schema.tables[table].source
        names = ", ".join(map(quoted, self._columns[table]))
        yield f"drop table if exists {keys}"
        yield f"create table {keys} as select {names}, 0 as litxdb_round from {source} limit 0"
        yield f"create unique index on {keys} ({names}) nulls not distinct"

    def _is_root(self) -> str:
        return _among([f"t.{quoted(name)}" for name in self._root.key], self._root.key, self._keys[self._root.table])

    def _follows(self, edge: Edge, number: int | None = None) -> str:
        where = "" if number is None else f" where s.litxdb_round = {number}"
        leads = _among(edge.values, edge.target_columns, self._keys[edge.target], where, as_text=edge.as_text)
        return f"({leads} and {edge.guard})" if edge.guard else leads

    def _add(self, table: str, condition: str, number: int, *, lock: bool) -> int:
        columns = ", ".join(f"t.{quoted(name)}" for name in self._columns[table])
        source = self._schema.tables[table].source
        return self._do(
            f"insert into {self._keys[table]} select {columns}, {number} from {source} t where {condition}"
            f"{' for update of t' if lock else ''} on conflict do nothing"
        )

    def _do(self, statement: str) -> int:
        with self._connection.cursor() as cursor:
            cursor.execute(queries.tagged(statement))
            return int(cursor.rowcount)


def _among(values: Iterable[str], columns: Iterable[str], keys: str, where: str = "", *, as_text: bool = False) -> str:
    """Write that values are those of a row of the keys.

    >>> _among(["t.a", "t.b"], ["x", "y"], "pg_temp.k")
    '(t.a, t.b) in (select s."x", s."y" from pg_temp.k s)'
    """
    cast = "::text" if as_text else ""
    left = ", ".join(f"{value}{cast}" for value in values)
    right = ", ".join(f"s.{quoted(column)}{cast}" for column in columns)
    return f"({left}) in (select {right} from {keys} s{where})"
