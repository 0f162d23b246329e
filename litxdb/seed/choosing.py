"""Which rows are in a subset: those of some people, and all that these refer to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.errors import ConfigurationInvalid
from litxdb.ownership import Closure, Reference, Schema, Table, classify
from litxdb.quoting import quoted
from litxdb.seed.masking import Masking

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


class Chosen:
    """The rows of the subset, by their places: the source is a scratch database, where nothing moves."""

    def __init__(self, connection: Connection, schema: Schema, masking: Masking, key: str) -> None:
        self._connection, self._schema, self._masking, self._key = connection, schema, masking, key
        self._sets = {table: f"pg_temp.litxdb_subset_{number}" for number, table in enumerate(schema.tables)}
        self._left = {found.table for name in masking.left_out if (found := schema.find(name))}
        self.people = 0

    def collect(self, users: int) -> None:
        """Choose the people, then their rows, and then what these refer to until nothing is missing."""
        ownership = classify(self._schema, self._masking.owners)
        for rows in self._sets.values():
            self._do(f"create temp table {rows} (part oid, place tid, round int, primary key (part, place))")
        closure = Closure(self._connection, self._schema, ownership.root, ownership.edges)
        order = ", ".join(f"t.{quoted(column)}::text" for column in ownership.root.key)
        key = " || '/' || ".join(f"t.{quoted(column)}::text" for column in ownership.root.key)
        self.people = closure.collect(
            f"(t.ctid, t.tableoid) in (select t.ctid, t.tableoid from {ownership.root.source} t "
            f"order by sha256(convert_to(%(key)s || {key}, 'UTF8')), {order} limit %(users)s)",
            {"users": users, "key": self._key},
        )
        for table in ownership.owned:
            if table not in self._left:
                self._add(table, closure.select(table, "t.tableoid, t.ctid"), 0)
        for name in self._masking.whole:
            if found := self._schema.find(name):
                self._add(found.table, f"select t.tableoid, t.ctid from {found.source} t", 0)
        self._complete()

    def _complete(self) -> None:
        grown, number = set(self._sets), 0
        while grown:
            steps = [reference for reference in self._schema.references if reference.table in grown]
            number += 1
            grown = {each.target for each in steps if self._add(each.target, self._referred(each, number - 1), number)}

    def _referred(self, reference: Reference, number: int) -> str:
        ours, theirs = self._schema.tables[reference.table], self._schema.tables[reference.target]
        same = " and ".join(
            f"c.{quoted(one)} = t.{quoted(other)}"
            for one, other in zip(reference.columns, reference.target_columns, strict=True)
        )
        return (
            f"select t.tableoid, t.ctid from {theirs.source} t where exists (select from {ours.source} c "
            f"join {self._sets[ours.table]} s on s.place = c.ctid and s.part = c.tableoid "
            f"where s.round = {number} and {same})"
        )

    def _add(self, table: str, select: str, number: int) -> bool:
        rows = f"select r.*, {number} from ({select}) r"
        return self._do(f"insert into {self._sets[table]} {rows} on conflict do nothing") > 0

    def tables(self) -> list[Table]:
        """Return the tables that get rows, referenced ones first; those of a cycle in no order of their own."""
        filled = [each for each in self._schema.tables.values() if self.count(each.table)]
        if strangers := [each.table for each in filled if each.table in self._left]:
            raise ConfigurationInvalid(
                f"The policy leaves out {strangers[0]}, and rows of the subset refer to it.",
                "Take it off left_out, and classify its columns.",
            )
        return _ordered(filled, self._schema)

    def count(self, table: str) -> int:
        """Count a table's rows of the subset."""
        with self._connection.cursor() as cursor:
            cursor.execute(f"select count(*) from {self._sets[table]}")
            (count,) = cursor.fetchone() or (0,)
        return int(count)

    def rows(self, table: Table, columns: Iterable[str]) -> str:
        """Return the query of a table's chosen rows."""
        return (
            f"select {', '.join(columns)} from {table.source} t "
            f"join {self._sets[table.table]} s on s.place = t.ctid and s.part = t.tableoid"
        )

    def _do(self, statement: str) -> int:
        with self._connection.cursor() as cursor:
            cursor.execute(queries.tagged(statement))
            return int(cursor.rowcount)


def _ordered(tables: list[Table], schema: Schema) -> list[Table]:
    waiting, done = {table.table: table for table in tables}, []
    while waiting:
        ready = [
            table
            for table in waiting.values()
            if not any(each.target in waiting and each.target != table.table for each in schema.out_of[table.table])
        ] or [next(iter(waiting.values()))]
        for table in ready:
            done.append(waiting.pop(table.table))
    return done
