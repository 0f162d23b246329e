"""The one statement that fills a table: an expression for each column, all of them functions of the row's number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from litxdb.migrate.rehearsal.expressions import Values, candidates, chosen, literals
from litxdb.migrate.rehearsal.tables import ForeignKey, Table
from litxdb.quoting import literal

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from litxdb.migrate.rehearsal.expressions import Column

NUMBER = "litxdb_row"
MADE = "litxdb_made"
TRIED = "0, 1, 7, 4321, 60000"
ALTERNATIVES = ("all", "one", "none")
"""Which of the nullable columns that a check over several of them names get a value, where it refuses the one before:
all of them, one in turn, or none."""


@dataclass
class Source:
    """Where values come from: a column's own expression, or a foreign key's parent of so many rows (`count`).

    Row number i takes the value number i / stride, modulo count: strides make what is unique together unique.
    """

    columns: tuple[str, ...]
    count: int | None
    values: Values | None = None
    key: ForeignKey | None = None
    stride: int = 1
    settled: bool = False

    @property
    def number(self) -> str:
        """The number of the value that a row takes."""
        return NUMBER if self.stride == 1 else f"({NUMBER} / {self.stride})"


@dataclass
class Insertion:
    """What fills one table; `later` are foreign keys that are set when their parents have rows, NULL until then.

    `missing` says which column can have no value, and why the table must stay empty.
    """

    table: Table
    sources: list[Source] = field(default_factory=list)
    later: list[ForeignKey] = field(default_factory=list)
    missing: str | None = None

    def statement(self, first: int, rows: int, alternative: str) -> str:
        """Write the INSERT of rows from the number `first` on; rows that break a rule are left out."""
        kept = {name: expression for source in self.sources for name, expression in self._expressions(source)}
        kept = self._thinned(kept, alternative)
        listed = ", ".join(kept)
        made = ", ".join(f"{expression} as {name}" for name, expression in kept.items())
        joins = " ".join(self._joins())
        rules = [f"({each.expression}) is not false" for each in self.table.checks if set(each.columns) <= kept.keys()]
        rules += [self._exists(key) for key in self._unjoined()]
        where = f" where {' and '.join(rules)}" if rules else ""
        if not kept:
            return f"insert into {self.table.name} select from generate_series(1, {rows})"
        return (
            f"insert into {self.table.name} ({listed}) select {listed} from (select {made} "
            f"from generate_series({first}::bigint, {first + rows - 1}) as litxdb_series ({NUMBER}) {joins}) "
            f"as {MADE}{where} on conflict do nothing"
        )

    def settle(self, rows: int) -> None:
        """Choose the strides so that what must be unique together is, as far as there are that many combinations."""
        for names in sorted(self.table.unique, key=len):
            parts = [source for source in self.sources if set(source.columns) & set(names)]
            if any(source.stride == 1 and (source.count is None or source.count >= rows) for source in parts):
                for source in parts:
                    source.settled = source.settled or source.count is None
                continue
            stride = 1
            for source in sorted(parts, key=lambda each: (not each.settled, -(each.count or 0))):
                if not source.settled:
                    source.stride, source.settled = stride, True
                stride *= source.count or 1

    def _expressions(self, source: Source) -> Iterator[tuple[str, str]]:
        for place, name in enumerate(source.columns):
            column = self.table.column(name)
            if source.key is not None:
                expression = f"{_alias(self.sources.index(source))}.litxdb_key_{place}"
            else:
                assert source.values is not None
                expression = source.values.at(source.number)
            if column.nulls > 0 and not column.required:
                expression = f"case when ({NUMBER} * 7919) % 1000 >= {column.nulls * 1000:.0f} then {expression} end"
            yield name, expression

    def _thinned(self, kept: Mapping[str, str], alternative: str) -> dict[str, str]:
        wide = {name for check in self.table.checks if len(check.columns) > 1 for name in check.columns}
        names = [name for name in kept if name in wide and not self.table.column(name).required]
        if alternative == "all" or not names:
            return dict(kept)
        if alternative == "none":
            return {name: expression for name, expression in kept.items() if name not in names}
        turns = {name: f"{NUMBER} % {len(names)} = {turn}" for turn, name in enumerate(names)}
        return {
            name: f"case when {turns[name]} then {expression} end" if name in turns else expression
            for name, expression in kept.items()
        }

    def _joins(self) -> Iterator[str]:
        for place, source in enumerate(self.sources):
            if source.key is not None:
                keys = ", ".join(f"{key} as litxdb_key_{index}" for index, key in enumerate(source.key.keys))
                yield (
                    f"left join (select row_number() over () - 1 as litxdb_number, {keys} from {source.key.parent} "
                    f"where {' and '.join(f'{key} is not null' for key in source.key.keys)}) as {_alias(place)} "
                    f"on {_alias(place)}.litxdb_number = {source.number} % {source.count}"
                )

    def _unjoined(self) -> Iterator[ForeignKey]:
        joined = [source.key for source in self.sources]
        return (key for key in self.table.foreign_keys if key not in joined and key not in self.later)

    def _exists(self, key: ForeignKey) -> str:
        pairs = zip(key.columns, key.keys, strict=True)
        same = " and ".join(f"litxdb_parent.{theirs} = {MADE}.{ours}" for ours, theirs in pairs)
        empty = " or ".join(f"{MADE}.{name} is null" for name in key.columns)
        return f"({empty} or exists (select from {key.parent} as litxdb_parent where {same}))"


def prepare(cursor: Cursor, table: Table, counts: Mapping[str, int], later: list[ForeignKey]) -> Insertion:
    """Find values for every column of the table; `counts` are the rows of the tables filled before."""
    insertion = Insertion(table, later=later)
    taken: set[str] = set()
    postponed = {name for key in later for name in key.columns}
    for key in table.foreign_keys:
        if key in later or taken & set(key.columns) or postponed & set(key.columns):
            continue
        taken |= set(key.columns)
        if counts.get(key.parent):
            insertion.sources.append(Source(key.columns, counts[key.parent], key=key))
        elif table.required(key):
            insertion.missing = insertion.missing or f"it refers to {key.parent}, which has no rows"
    for column in table.columns:
        if column.automatic or column.name in taken | postponed:
            continue
        values = _values(cursor, table, column)
        if values is not None:
            insertion.sources.append(Source((column.name,), values.count, values))
        elif column.required:
            insertion.missing = insertion.missing or f"no value was found for its column {column.name} {column.type}"
    return insertion


def _values(cursor: Cursor, table: Table, column: Column) -> Values | None:
    """Return the first values that the column's type and its own checks accept."""
    checks = [check.expression for check in table.checks if check.columns == (column.name,)]
    offered = candidates(column)
    if not checks and not column.rules and len(offered) == 1:
        return offered[0]
    for values in offered:
        if _accepted(cursor, column, values, checks):
            return values
    accepted = _accepted_texts(cursor, column, literals(column, " ".join((*checks, column.rules))), checks)
    return chosen(column, accepted) if accepted else None


def _accepted(cursor: Cursor, column: Column, values: Values, checks: list[str]) -> bool:
    """Try the values of a few numbers."""
    made = f"select {values.at(NUMBER)} as {column.name} from unnest(array[{TRIED}]::bigint[]) as n ({NUMBER})"
    return _sound(cursor, column, made, checks)


def _accepted_texts(cursor: Cursor, column: Column, texts: list[str], checks: list[str]) -> list[str]:
    rows = {text: f"select {literal(text)}::{column.type} as {column.name}" for text in texts}
    return [text for text, made in rows.items() if _sound(cursor, column, made, checks)]


def _sound(cursor: Cursor, column: Column, made: str, checks: list[str]) -> bool:
    """Tell whether the checks hold for all of these rows; a value that the type does not accept is an error."""
    import psycopg2

    holds = " and ".join(f"({check}) is not false" for check in checks) or "true"
    try:
        # counting the column has it computed at all
        cursor.execute(f"select bool_and({holds}) and count(*) = count({column.name}) from ({made}) as {MADE}")
    except psycopg2.Error:
        return False
    return (cursor.fetchone() or (False,))[0] is True


def _alias(place: int) -> str:
    return f"litxdb_parent_{place}"
