"""Which tables hold a person's rows, by which references, and what became of all others: nothing is left open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from litxdb.errors import ConfigurationInvalid
from litxdb.ownership.policy import Policy, Soft
from litxdb.ownership.schema import Reference, Schema, Table
from litxdb.quoting import literal, quoted

Declared = TypeVar("Declared")

OURS = "litxdb"
"""The schema of litxdb's own tables, which name no person."""


@dataclass(frozen=True)
class Edge:
    """How a row belongs to another one: `values`, SQL over the row `t`, equal the columns of a row of `target`.

    `guard` is SQL over `t` that must hold as well. With `as_text` both sides are compared as text.
    """

    table: str
    values: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    label: str
    reason: str
    guard: str | None = None
    as_text: bool = False


@dataclass(frozen=True)
class Pointer:
    """A reference without a foreign key, found in the schema; `column` is that of `edge.table` that holds it."""

    edge: Edge
    column: str
    soft: Soft


@dataclass(frozen=True)
class Ownership:
    """The person's tables and how they hang together.

    `edges` lead from the root down to every owned row; `loose` are the same without guards, so that they also reach
    other people's rows that cannot outlive the person's. `reasons` has each owned table's, `referenced` the tables that
    owned rows point at without owning, `pointers` the references without a foreign key that do not own.
    """

    schema: Schema
    policy: Policy
    root: Table
    edges: tuple[Edge, ...]
    loose: tuple[Edge, ...]
    reasons: Mapping[str, str]
    referenced: tuple[str, ...]
    pointers: tuple[Pointer, ...]

    @property
    def owned(self) -> tuple[str, ...]:
        """The owned tables, the root first, each after one that leads to it."""
        return tuple(self.reasons)

    def excluded(self, table: str) -> str | None:
        """Return the reason why a table is not exported, if it is not; large objects go by their catalog's name."""
        views = {view.table: why for name, why in self.policy.excluded.items() if (view := self.schema.find_view(name))}
        return (_of(self.schema, self.policy.excluded) | views).get(table) or self.policy.excluded.get(table)

    def named(self, table: str) -> str:
        """Return what a table is called outside the database: by the policy, else its name, with a strange schema."""
        known = self.schema.tables[table]
        plain = known.name if known.schema == self.root.schema else f"{known.schema}.{known.name}"
        return _of(self.schema, self.policy.names).get(table, plain)

    def json_columns(self, table: str) -> frozenset[str]:
        """Return the columns of text that hold JSON, as the policy says."""
        named = (_split(self.schema, name) for name in self.policy.json)
        return frozenset(column for known, column in named if known and known.table == table)

    def label_columns(self, table: str) -> tuple[str, ...]:
        """Return the columns that make a row of somebody else readable; of what is owned by persons none by itself."""
        declared = _of(self.schema, self.policy.labels).get(table)
        there = [column.name for column in self.schema.tables[table].columns]
        if declared is not None:
            return tuple(name for name in there if name in declared)
        return () if table in self.reasons else tuple(name for name in there if READABLE.fullmatch(name))


READABLE = re.compile(r"name|title|label|code|slug|url")
"""Columns that tell what a shared row is, where no policy says which."""


def classify(schema: Schema, policy: Policy) -> Ownership:
    """Find the person's tables. What the policy names and the schema lacks is passed over: it may be an older one.

    Owned is what hangs on the root by foreign keys with ON DELETE CASCADE, and what the policy declares. Raises
    ConfigurationInvalid, naming it, for any other foreign key into an owned table, and for a column that seems to name
    a person without a foreign key.
    """
    root = schema.find(policy.root)
    if root is None:
        raise ConfigurationInvalid(
            f"There is no table {policy.root} in this database.", "Run litxdb migrate, or name another --root."
        )
    pointers = tuple(_pointers(schema, policy))
    owned, kept = _labels(schema, policy.owned), _labels(schema, policy.kept)
    reasons, owning, open_ = {root.table: "the person"}, dict[str, list[Edge]](), list[str]()
    waiting = [root.table]
    while waiting:
        parent = waiting.pop(0)
        for edge, cascades in _into(schema, pointers, parent):
            if edge.label in kept:
                continue
            if not cascades and edge.label not in owned:
                open_.append(f"the foreign key {edge.label} to {parent}")
                continue
            owning.setdefault(edge.table, []).append(edge)
            if edge.table not in reasons:
                reasons[edge.table] = owned.get(edge.label) or edge.reason
                waiting.append(edge.table)
    open_ += _suspects(schema, policy, reasons, pointers)
    if open_:
        _refuse(open_)
    loose = tuple(edge for edges in owning.values() for edge in edges)
    owners = _of(schema, policy.owners)
    edges = tuple(edge for table, found in owning.items() for edge in _guarded(found, root.table, owners.get(table)))
    pointed = (each.target for table in reasons for each in schema.out_of[table] if each.target not in reasons)
    points = tuple(each for each in pointers if not each.soft.owns)
    return Ownership(schema, policy, root, edges, loose, reasons, tuple(dict.fromkeys(pointed)), points)


def _into(schema: Schema, pointers: Iterable[Pointer], parent: str) -> Iterator[tuple[Edge, bool]]:
    """List what points at a table, and whether that alone makes it the owner."""
    for reference in schema.into[parent]:
        yield _edge(reference), reference.on_delete == "cascade"
    for pointer in pointers:
        if pointer.soft.owns and pointer.edge.target == parent:
            yield pointer.edge, True


def _edge(reference: Reference) -> Edge:
    values = tuple(f"t.{quoted(column)}" for column in reference.columns)
    reason = f"{', '.join(reference.columns)} refers to {reference.target}, on delete {reference.on_delete}"
    return Edge(reference.table, values, reference.target, reference.target_columns, reference.label, reason)


def _guarded(edges: list[Edge], root: str, declared: str | None) -> Iterator[Edge]:
    """Let a row that names a person belong to that person, and only otherwise to the owner of what it hangs on."""
    principal = [
        edge
        for edge in edges
        if (edge.target == root if declared is None else edge.label == f"{edge.table}.{declared}")
    ]
    guard = [f"{value} is null" for edge in principal for value in edge.values]
    for edge in edges:
        guards = [*([edge.guard] if edge.guard else []), *([] if edge in principal else guard)]
        yield replace(edge, guard=" and ".join(guards) or None)


def _pointers(schema: Schema, policy: Policy) -> Iterator[Pointer]:
    for soft in policy.soft:
        table, column = _split(schema, soft.column)
        target, target_column = _split(schema, soft.target)
        if table is None or target is None or not table.column(column) or not target.column(target_column):
            continue
        value = f"t.{quoted(column)}"
        if soft.key is not None:
            # by its text, as a column of text may hold JSON, or something that is none
            pattern = rf'"{re.escape(soft.key)}"\s*:\s*"?([^",}}\s]+)'
            value = f"substring({value}::text from {literal(pattern)})"
        label = f"{table.table}.{column}"
        reason = f"{column} names a row of {target.table}, declared"
        edge = Edge(table.table, (value,), target.table, (target_column,), label, reason, soft.when, as_text=True)
        yield Pointer(edge, column, soft)


def _suspects(schema: Schema, policy: Policy, reasons: Mapping[str, str], pointers: Iterable[Pointer]) -> Iterator[str]:
    """List columns that seem to name a person, in tables that no owned row leads to."""
    known = {pointer.edge.label for pointer in pointers}
    excluded = _of(schema, policy.excluded)
    pattern = naming(schema, policy)
    for table in schema.tables.values():
        if table.table in reasons or table.table in excluded or table.schema == OURS:
            continue
        keys = {column for each in schema.out_of[table.table] for column in each.columns}
        for column in table.columns:
            label = f"{table.table}.{column.name}"
            if pattern.fullmatch(column.name.lower()) and column.name not in keys and label not in known:
                yield f"the column {label}, which seems to name a person"


def naming(schema: Schema, policy: Policy) -> re.Pattern[str]:
    """Return what columns are called that hold a person's id: user_id, owner, created_by and the like."""
    root = schema.find(policy.root)
    singular = re.escape((root.name if root else policy.root).lower().removesuffix("s"))
    who = f'(?:[^"]*_)?(?:{singular}|user|owner|author|actor|creator)_?id'
    return re.compile(f"{who}|(?:user|owner|actor|creator)|(?:created|updated|shared|deleted|invited)_by")


def _refuse(open_: list[str]) -> None:
    first, rest = open_[0], f" (and {len(open_) - 1} more: {'; '.join(open_[1:6])})" if len(open_) > 1 else ""
    raise ConfigurationInvalid(
        f"Nobody has decided whose rows these are: {first}{rest}.",
        "Declare it in a policy (--policy FILE): under [owned], [kept], [excluded] or [[soft]]; see docs/privacy.md.",
    )


def _of(schema: Schema, declared: Mapping[str, Declared]) -> dict[str, Declared]:
    """Return what is declared of tables, by their quoted names."""
    found = ((schema.find(name), value) for name, value in declared.items())
    return {table.table: value for table, value in found if table is not None}


def _labels(schema: Schema, declared: Mapping[str, str]) -> dict[str, str]:
    """Return what is declared of references, by the labels that references have."""
    found = ((_split(schema, name), value) for name, value in declared.items())
    return {f"{table.table}.{columns}": value for (table, columns), value in found if table is not None}


def _split(schema: Schema, name: str) -> tuple[Table | None, str]:
    table, _, column = name.rpartition(".")
    return schema.find(table), column
