"""What an erasure does to each table: counted before anything is changed, other people's rows included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.ownership import Closure, Ownership, Pointer, Reference
from litxdb.ownership.policy import CLEARED, Retained
from litxdb.privacy import large_objects, rewriting, scanning
from litxdb.privacy.results import Change, Mention, Person, Plan, Proof
from litxdb.quoting import quoted

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

HANGS_ON = "they hang on the person's rows, and cannot be without them"


@dataclass(frozen=True)
class Erasable:
    """A person's rows, `own`, and all rows that cannot outlive them, `doomed`; both are collected."""

    connection: Connection
    ownership: Ownership
    person: Person
    own: Closure
    doomed: Closure

    def retained(self, table: str) -> Retained | None:
        """Return what the policy says of rows that stay."""
        found = ((self.ownership.schema.find(name), each) for name, each in self.ownership.policy.retained.items())
        return next((each for known, each in found if known and known.table == table), None)

    def deleted(self) -> tuple[str, ...]:
        """The tables that lose rows."""
        return tuple(table for table in self.ownership.owned if self.retained(table) is None)

    def kept(self) -> Iterator[Reference]:
        """List the foreign keys into tables that lose rows, from rows that stay."""
        loose = {edge.label for edge in self.ownership.loose}
        for table in self.deleted():
            for reference in self.ownership.schema.into[table]:
                if reference.label not in loose or self.retained(reference.table):
                    yield reference

    def points(self, reference: Reference) -> str:
        """Return the condition, SQL over `t`, that a row that stays points at one that is deleted."""
        ours = ", ".join(f"t.{quoted(name)}" for name in reference.columns)
        theirs = ", ".join(f"t.{quoted(name)}" for name in reference.target_columns)
        stays = "true"
        if reference.table in self.ownership.reasons and self.retained(reference.table) is None:
            stays = f"not {self.doomed.holds(reference.table)}"
        return f"({ours}) in ({self.doomed.select(reference.target, theirs)}) and {stays}"

    def names(self, pointer: Pointer) -> str:
        """Return the condition that a row that stays names a deleted one without a foreign key."""
        edge = pointer.edge
        theirs = self.doomed.select(edge.target, f"t.{quoted(edge.target_columns[0])}::text")
        stays = f"not {self.doomed.holds(edge.table)}" if edge.table in self.ownership.reasons else "true"
        guard = f" and {edge.guard}" if edge.guard else ""
        return f"{edge.values[0]}::text in ({theirs}) and {stays}{guard}"

    def count(self, table: str, condition: str) -> int:
        """Count the rows of a table that fulfil a condition."""
        return self.count_of(f"select from {self.ownership.schema.tables[table].source} t where {condition}")

    def count_of(self, query: str) -> int:
        """Count the rows that a query returns."""
        with self.connection.cursor() as cursor:
            cursor.execute(queries.tagged(f"select count(*) from ({query}) x"))
            row = cursor.fetchone()
        return int(row[0]) if row else 0


def plan(erasable: Erasable, watch: Callable[[str], None] = lambda table: None) -> Plan:
    """Count what would be deleted, set to null, pseudonymised and retained, and find what stands in the way."""
    changes, blocked = list[Change](), list[str]()
    for table in erasable.ownership.owned:
        watch(table)
        changes += _own(erasable, table)
    for reference in erasable.kept():
        rows = erasable.count(reference.table, erasable.points(reference))
        if rows and not reference.nullable:
            blocked.append(f"{rows} rows of {reference.label} point at rows that would be deleted, and may not be null")
        elif rows:
            columns = ", ".join(reference.columns)
            reason = f"points at {reference.target}, on delete {reference.on_delete}"
            changes.append(Change(reference.table, "set null", rows, reason, others=True, column=columns))
    for pointer in erasable.ownership.pointers:
        changes += _named(erasable, pointer)
    for table in erasable.ownership.referenced:
        changes += _forsaken(erasable, table)
    proof = scanning.scan(erasable.connection, erasable.ownership, erasable.doomed, erasable.person, watch)
    changes += _copies(erasable, proof.mentions)
    for mention in proof.mentions:
        change, why = _mentioned(erasable, mention)
        changes += [change] if change else []
        blocked += [why] if why else []
    return Plan(erasable.person, tuple(changes), tuple(blocked))


def leftovers(ownership: Ownership, person: Person, proof: Proof) -> tuple[Mention, ...]:
    """Return what an erasure has left that nobody wanted to be left."""
    kept = {known.table for name in ownership.policy.retained if (known := ownership.schema.find(name))}
    return tuple(
        each
        for each in proof.mentions
        if each.table not in kept and ownership.excluded(each.table) is None and not _is_namesake(person, each)
    )


def _is_namesake(person: Person, mention: Mention) -> bool:
    """Whether somebody else is called so, by an e-mail in other capitals: it is that person's own."""
    return mention.table == person.table and mention.column in person.identifiers


def _own(erasable: Erasable, table: str) -> Iterator[Change]:
    own = erasable.count(table, erasable.own.holds(table))
    others = erasable.count(table, f"{erasable.doomed.holds(table)} and not {erasable.own.holds(table)}")
    retained = erasable.retained(table)
    if retained:
        if own + others:
            yield Change(table, "pseudonymise" if retained.replace else "retain", own + others, retained.reason)
        return
    if own:
        yield Change(table, "delete", own, erasable.ownership.reasons[table])
    if others:
        yield Change(table, "delete", others, HANGS_ON, others=True)


def _forsaken(erasable: Erasable, table: str) -> Iterator[Change]:
    """Count the rows of a shared table that nobody's rows will point at any more, such as a team without members."""
    going, staying = list[str](), list[str]()
    for reference in erasable.ownership.schema.into[table]:
        columns = ", ".join(f"t.{quoted(name)}" for name in reference.columns)
        source = erasable.ownership.schema.tables[reference.table].source
        filled = " and ".join(f"t.{quoted(name)} is not null" for name in reference.columns)
        goes = reference.table in erasable.deleted()
        holds = erasable.doomed.holds(reference.table) if goes else "false"
        going += [f"select {columns} from {source} t where {filled} and {holds}"] if goes else []
        staying.append(f"select {columns} from {source} t where {filled} and not {holds}")
    if not going or len({len(each.columns) for each in erasable.ownership.schema.into[table]}) > 1:
        return
    rows = erasable.count_of(f"({' union '.join(going)}) except ({' union all '.join(staying)})")
    if rows:
        yield Change(table, "retain", rows, "belong to all, though nobody's rows point at them any more", others=True)


def _named(erasable: Erasable, pointer: Pointer) -> Iterator[Change]:
    edge = pointer.edge
    if edge.target not in erasable.deleted() or edge.target == erasable.ownership.root.table:
        return  # what names the person itself is found by searching
    rows = erasable.count(edge.table, erasable.names(pointer))
    if rows and pointer.soft.on_erase == CLEARED:
        yield Change(edge.table, "set null", rows, f"names a row of {edge.target}", others=True, column=pointer.column)
    elif rows:
        reason = f"names a row of {edge.target} that is no more: a number that leads nowhere"
        yield Change(edge.table, "retain", rows, reason, others=True, column=pointer.column)


def _copies(erasable: Erasable, mentions: Iterable[Mention]) -> Iterator[Change]:
    """Say which materialized views have to be made anew, in the order in which they were made."""
    ownership = erasable.ownership
    for view in ownership.schema.views:
        rows = max((each.rows for each in mentions if each.table == view), default=0)
        if rows and ownership.excluded(view) is None:
            yield Change(view, "refresh", rows, "a materialized view that still has the person", others=True)


def _mentioned(erasable: Erasable, mention: Mention) -> tuple[Change | None, str | None]:
    ownership = erasable.ownership
    if ownership.excluded(mention.table) is not None:
        reason = f"excluded by the policy: {ownership.excluded(mention.table)}"
        return Change(mention.table, "retain", mention.rows, reason, others=True, column=mention.column), None
    if mention.table == large_objects.TABLE:
        return None, f"{mention.rows} large objects name the person: lo_unlink() takes them out"
    table = ownership.schema.tables.get(mention.table)
    column = table.column(mention.column) if table else None
    if column is None or column.generated:
        return None, None  # a view is made anew, and so is what is generated
    if column.base in scanning.BYTES:
        return None, f"{mention.rows} rows of {mention.table}.{mention.column} name the person, in bytes"
    if _is_namesake(erasable.person, mention):
        reason = "somebody else is called so, but for capitals"
        return Change(mention.table, "retain", mention.rows, reason, others=True, column=mention.column), None
    if erasable.retained(mention.table) or any(
        each.table == mention.table and mention.column in each.columns for each in erasable.kept()
    ):
        return None, None  # counted already
    kind = rewriting.kind(ownership, mention)
    if kind is None:
        return None, f"{mention.rows} rows of {mention.table}.{mention.column} name the person, and it may not be null"
    reason = "an identifier of the person stands in it"
    return Change(mention.table, kind, mention.rows, reason, others=True, column=mention.column), None
