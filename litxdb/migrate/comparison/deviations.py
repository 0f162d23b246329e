"""How a database differs from what it should be: each cause once, with the SQL that mends it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from litxdb.migrate.comparison.catalog import CatalogObject, Key

ORDER = (
    "schema", "extension", "enum", "domain", "type", "sequence", "function", "table", "unlogged", "storage parameters",
    "column", "generated", "default", "not null", "identity", "owned by", "view", "materialized view", "index",
    "constraint", "validity", "partition", "inheritance", "replica identity", "statistics", "rule", "trigger",
    "trigger state", "policy", "row security", "forced row security", "privilege",
)  # fmt: skip
"""The kinds in the order in which they are made; they are removed in the opposite one."""

FACETS = frozenset(
    {"unlogged", "row security", "forced row security", "storage parameters", "replica identity", "partition"}
    | {"inheritance", "default", "generated", "not null", "identity", "validity", "trigger state", "owned by"}
    | {"privilege"}
)
"""Kinds that are settings of another object, and share its address."""

IN_COLUMN = frozenset({"default", "generated", "not null", "identity"})
"""Kinds that ADD COLUMN and CREATE TABLE write as well."""

REBUILT = frozenset({"materialized view", "generated"})
"""Kinds that take what was built on them along when they are made anew."""

UNKNOWN = "the catalog does not tell how to make it"


class Phase(IntEnum):
    """When a statement runs: some values and builds cannot be in the transaction that holds the rest."""

    BEFORE = 0
    WITHIN = 1
    AFTER = 2


@dataclass(frozen=True)
class Statement:
    """One SQL statement, without its semicolon."""

    sql: str
    phase: Phase = Phase.WITHIN


@dataclass(frozen=True)
class Deviation:
    """An object that is not as it should be; None where it does not exist.

    `consequences` counts what is missing or additional with it. With a `decision`, the reason why a person must decide,
    the statements destroy or rewrite data; without any, the catalog does not say what would mend it.
    """

    kind: str
    object: str
    expected: str | None
    found: str | None
    statements: tuple[Statement, ...]
    decision: str | None = None
    consequences: int = 0

    @property
    def mend(self) -> str:
        """The statements as SQL to paste; as comments if a person must decide first."""
        sql = "\n".join(f"{each.sql};" for each in self.statements)
        if self.decision is None:
            return sql
        comments = [f"for a person to decide, as {self.decision}", *sql.splitlines()]
        return "\n".join(f"-- {line}" for line in comments)

    def row(self) -> dict[str, Any]:
        """Return what a reader sees of it."""
        names = ("kind", "object", "expected", "found", "mend", "decision", "consequences")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Schema:
    """The objects of a database, and for each address what it needs and whether it goes with that by itself."""

    objects: Mapping[Key, CatalogObject]
    needs: Mapping[str, list[tuple[str, bool]]]

    def roots(self, gone: set[Key], *, dropped: bool) -> dict[Key, Key]:
        """Tell for each object that only one side has which other one it comes or goes with; itself for a cause.

        What is missing may have been dropped by CASCADE, so all that it needs counts. With `dropped` only what the
        server drops by itself counts, and what is in a schema.
        """
        at = {self.objects[key].address: key for key in gone if key[0] not in FACETS}
        above = {key: list(self._above(key, at, gone, dropped)) for key in gone}
        causes = {key for key in gone if not above[key]}
        return {key: next((each for each in above[key] if each in causes), key) for key in gone}

    def _above(self, key: Key, at: Mapping[str, Key], gone: set[Key], dropped: bool) -> Iterator[Key]:
        start = self.objects[key]
        identity = ("identity", start.way("with identity"))
        if identity in gone:
            yield identity
        seen, queue = {start.address}, [start.address]
        if key[0] in FACETS and start.address in at:
            yield at[start.address]
        for address in queue:
            table, _, column = address.rpartition(":")
            own_table = [(f"{table}:0", True)] if column != "0" else []
            for needed, automatic in (*own_table, *self.needs.get(address, ())):
                if needed in seen or not (automatic or not dropped or needed.startswith("pg_namespace:")):
                    continue
                seen.add(needed)
                queue.append(needed)
                if needed in at and at[needed] != key:
                    yield at[needed]

    def ordered(self, keys: Iterable[Key]) -> list[CatalogObject]:
        """Sort objects so that each comes after what it needs: by kind, and as they were made."""
        found = [self.objects[key] for key in keys]
        return sorted(found, key=lambda each: (rank(each.kind), int(each.address.split(":")[1]), each.name))


def rank(kind: str) -> int:
    """Return the place of a kind in the order of making."""
    return ORDER.index(kind)


def deviations(expected: Schema, found: Schema, major: int) -> list[Deviation]:
    """Compare the two; `major` is the version of the server that the statements are for."""
    return [*_additional(expected, found), *_missing(expected, found), *_changed(expected, found, major)]


def _missing(expected: Schema, found: Schema) -> Iterator[Deviation]:
    gone = {key for key in expected.objects.keys() - found.objects.keys() if key[0] != "validity"}
    roots = expected.roots(gone, dropped=False)
    for root in expected.ordered(key for key in gone if roots[key] == key):
        group = expected.ordered(key for key in gone if roots[key] == (root.kind, root.name))
        statements = tuple(statement for each in group for statement in _make(each, expected, gone))
        decision = root.way("decision on make") or (None if statements else UNKNOWN)
        yield Deviation(root.kind, root.name, root.definition, None, statements, decision, len(group) - 1)


def _make(each: CatalogObject, schema: Schema, gone: set[Key]) -> Iterator[Statement]:
    """Yield what makes an object, unless the statement for its column or table does."""
    table = each.address.rpartition(":")[0]
    new = {schema.objects[key].address for key in gone if key[0] in ("table", "materialized view")}
    if each.kind == "column" and f"{table}:0" in new:
        return
    if each.kind in IN_COLUMN and ("column", each.name) in gone:
        return
    needs = schema.needs.get(each.address, ())
    on_new_table = any(automatic and f"{needed.rpartition(':')[0]}:0" in new for needed, automatic in needs)
    if each.way("inherited") and not on_new_table:
        return
    online = () if on_new_table else each.statements("make online")
    if online:
        yield from (Statement(sql, Phase.AFTER) for sql in online)
        return
    yield from map(Statement, each.statements("make"))
    if each.kind == "generated":
        for other in schema.ordered(set(_built_on(each, schema)) - gone):
            yield from map(Statement, other.statements("make"))


def _additional(expected: Schema, found: Schema) -> Iterator[Deviation]:
    extra = found.objects.keys() - expected.objects.keys()
    roots = found.roots(set(extra), dropped=True)
    for root in reversed(found.ordered(key for key in extra if roots[key] == key)):
        consequences = sum(cause == (root.kind, root.name) for cause in roots.values()) - 1
        online = tuple(Statement(sql, Phase.AFTER) for sql in root.statements("remove online"))
        statements = online or tuple(map(Statement, root.statements("remove")))
        decision = root.way("decision") or (None if statements else "it goes with something else")
        yield Deviation(root.kind, root.name, None, root.definition, statements, decision, consequences)


def _changed(expected: Schema, found: Schema, major: int) -> Iterator[Deviation]:
    both = expected.objects.keys() & found.objects.keys()
    keys = {key for key in both if expected.objects[key].definition != found.objects[key].definition}
    roots = expected.roots(keys, dropped=True)
    for want in expected.ordered(keys):
        key = (want.kind, want.name)
        if roots[key] != key and (want.way("inherited") or not want.way("make")):
            continue  # as the index of a constraint that changed
        have = found.objects[key]
        statements, decision = _enum(want, have) if want.kind == "enum" else _change(want, have, expected, major)
        yield Deviation(*key, want.definition, have.definition, tuple(statements), decision)


def _change(want: CatalogObject, have: CatalogObject, schema: Schema, major: int) -> tuple[list[Statement], str | None]:
    """Change it in place where PostgreSQL can, else remove it and make it anew."""
    if want.way("signature") == have.way("signature") and int(want.way("change since") or 0) <= major:
        online = [Statement(sql, Phase.AFTER) for sql in want.statements("change online")]
        change = online or [Statement(sql) for sql in want.statements("change")]
        if change:
            return change, want.way("decision on change") or None
    remove, make = have.statements("remove"), want.statements("make")
    if not make or want.way("decision on change"):
        return [], want.way("decision on change") or UNKNOWN
    decision = have.way("decision") or None
    online = [Statement(sql, Phase.AFTER) for sql in (*remove, *want.statements("make online"))]
    if want.statements("make online"):
        return online, decision
    built = schema.ordered(_built_on(want, schema)) if want.kind in REBUILT else []
    return [
        Statement(sql) for sql in (*remove, *make, *(sql for each in built for sql in each.statements("make")))
    ], decision


def _built_on(base: CatalogObject, schema: Schema) -> list[Key]:
    """Return the indexes and constraints that go when their relation or column goes."""
    address = base.address
    whole = address.endswith(":0")
    return [
        key
        for key, each in schema.objects.items()
        if key[0] in ("index", "constraint")
        and any(
            needed == address or (whole and needed.startswith(address.removesuffix("0")))
            for needed, _ in schema.needs.get(each.address, ())
        )
    ]


def _enum(want: CatalogObject, have: CatalogObject) -> tuple[list[Statement], str | None]:
    """Add the values that are missing; PostgreSQL can neither remove one nor move it."""
    values, there = want.ways["values"], have.ways["values"]
    if [value for value in values if value in there] != there:
        return (
            [],
            "PostgreSQL can neither remove nor move a value: the type has to be made anew, and its columns changed",
        )
    statements = []
    for index, value in enumerate(values):
        if value not in there:
            place = f" after {values[index - 1]}" if index else f" before {there[0]}" if there else ""
            statements.append(Statement(f"alter type {want.name} add value {value}{place}", Phase.BEFORE))
    return statements, None
