"""Looking for a person's values in every column of every table, whatever the foreign keys say."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.ownership import Closure, Column, Ownership, Table, naming, read_unsearched
from litxdb.privacy import large_objects
from litxdb.privacy.results import Mention, Person, Proof
from litxdb.privacy.values import mentioned, mentioned_in_bytes, spellings
from litxdb.quoting import literal, quoted

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

TEXTS = frozenset({"json", "jsonb", "xml", "hstore", "citext", "tsvector", "tsquery", "jsonpath"})
"""Base types that hold text, beside those of category S (strings), and arrays and composites of any."""
OTHER_TYPES = frozenset(
    {"bytea", "uuid", "vector", "halfvec", "sparsevec", "pg_lsn", "pg_snapshot", "txid_snapshot",
     "macaddr", "macaddr8", "xid", "xid8", "cid", "tid"}
)  # fmt: skip
"""Types of category U (any other) that hold no text, or that are looked into otherwise."""
BYTES = frozenset({"bytea", "_bytea"})
MOST_BYTES = 1 << 30
"""Large objects with more bytes are not searched: lo_get() returns no more at once, and so many take minutes."""
COPIES = "a materialized view: copies of other rows, as of its last refresh"
OTHERS = "the rows are other people's, or nobody's"


def scan(
    connection: Connection,
    ownership: Ownership,
    closure: Closure,
    person: Person,
    watch: Callable[[str], None] = lambda table: None,
) -> Proof:
    """Search all tables, each read once, for rows with the person's values, and tell those of the closure from others.

    The values are the person's id in columns that are called like one, and in JSON under such keys; e-mail and the like
    in every text, array, JSON and bytes; also in materialized views and large objects. What was not searched is named.
    """
    begun, inside, mentions, columns = time.perf_counter(), 0, list[Mention](), 0
    searched = (*ownership.schema.tables.values(), *ownership.schema.views.values())
    for table in searched:
        watch(table.table)
        conditions = search(ownership, table, person)
        columns += len(conditions)
        if not conditions:
            continue
        own, others = _count(connection, closure, table, conditions)
        inside += own
        allowed = allowance(ownership, table.table)
        mentions += [Mention(table.table, column, rows, allowed) for column, rows in others.items() if rows]
    watch("large objects")
    named, hidden = large_objects.search(connection, person, MOST_BYTES)
    columns += named is not None
    if named:
        allowed = ownership.excluded(large_objects.TABLE)
        mentions.append(Mention(large_objects.TABLE, large_objects.COLUMN, named, allowed))
    elapsed = time.perf_counter() - begun
    unsearched = (*_unreadable(searched), *read_unsearched(connection), *hidden)
    return Proof(len(searched), columns, inside, tuple(mentions), elapsed, unsearched)


def _unreadable(tables: Iterable[Table]) -> Iterator[str]:
    """Name the columns that may hold a text in a way that is not known."""
    for table in tables:
        for column in table.columns:
            if column.category == "U" and column.base not in TEXTS | OTHER_TYPES:
                yield f"{table.table}.{column.name} ({column.type})"


def search(ownership: Ownership, table: Table, person: Person) -> dict[str, str]:
    """Return by column the condition, SQL over `t`, that it holds one of the person's values."""
    found: dict[str, list[str]] = {}
    ids = id_columns(ownership, table, person)
    for column in table.columns:
        parts = found.setdefault(column.name, [])
        value = f"t.{quoted(column.name)}"
        if column.name in ids:
            parts.append(f"{value}::text = {literal(ids[column.name])}")
        if column.base == "bytea" and person.identifiers:
            parts.append(mentioned_in_bytes(value, person))
        if column.base == "_bytea" and person.identifiers:
            parts.append(f"exists (select from unnest({value}) u (part) where {mentioned_in_bytes('u.part', person)})")
        if is_text(column):
            for name, known in person.identifiers.items():
                parts += [mentioned(f"{value}::text", each, name in person.caseless) for each in spellings(known)]
            if len(person.key) == 1:
                parts.append(_under_a_key(ownership, value, next(iter(person.key.values()))))
    for pointer in ownership.pointers:
        edge = pointer.edge
        if edge.table == table.table and edge.target == person.table and edge.target_columns[0] in person.key:
            guard = f" and {edge.guard}" if edge.guard else ""
            is_theirs = f"{edge.values[0]} = {literal(person.key[edge.target_columns[0]])}"
            found[pointer.column].append(f"({is_theirs.replace(' =', '::text =', 1)}{guard})")
    return {column: " or ".join(parts) for column, parts in found.items() if parts}


def allowance(ownership: Ownership, table: str) -> str | None:
    """Return why a mention in this table's other rows is no gap; None if nobody has said so."""
    if table in ownership.reasons:
        return OTHERS
    if table in ownership.schema.views:
        return ownership.excluded(table) or COPIES
    kept = {label.rpartition(".")[0]: reason for label, reason in ownership.policy.kept.items()}
    found = (reason for name, reason in kept.items() if (known := ownership.schema.find(name)) and known.table == table)
    return ownership.excluded(table) or next(found, None)


def is_text(column: Column) -> bool:
    """Whether a column can hold a text, a list of texts or JSON."""
    return (column.category in "SCA" or column.base in TEXTS) and column.base not in BYTES


def _under_a_key(ownership: Ownership, column: str, key: str) -> str:
    """Return the condition that a text is JSON with the person's id under a key that is called like one."""
    names = naming(ownership.schema, ownership.policy).pattern
    under = rf'"(?:{names})"\s*:\s*"?{re.escape(key)}"?\s*[],}}]'
    json_like = rf"case when {column}::text ~ '^\s*[[{{]' then {column}::text ~ {literal(under)} else false end"
    return f"case when strpos({column}::text, {literal(key)}) > 0 then {json_like} else false end"


def id_columns(ownership: Ownership, table: Table, person: Person) -> dict[str, str]:
    """Return the columns that hold a person's id, by foreign key or by name, each with this person's value of it."""
    if len(person.key) != 1:
        return {}
    ((key, value),) = person.key.items()
    like = naming(ownership.schema, ownership.policy)
    found = {column.name: value for column in table.columns if like.fullmatch(column.name.lower())}
    for reference in ownership.schema.out_of.get(table.table, ()):
        for column, target in zip(reference.columns, reference.target_columns, strict=True):
            if reference.target != person.table:
                found.pop(column, None)  # an author_id that leads to a table of authors
            elif target == key:
                found[column] = value
    return found | ({key: value} if table.table == person.table else {})


def _count(
    connection: Connection, closure: Closure, table: Table, conditions: dict[str, str]
) -> tuple[int, dict[str, int]]:
    counts = ", ".join(f"count(*) filter (where not litxdb_own and ({each}))" for each in conditions.values())
    either = " or ".join(f"({condition})" for condition in conditions.values())
    inner = f"select t.*, {closure.holds(table.table)} as litxdb_own from {table.source} t where {either}"
    with connection.cursor() as cursor:
        # offset 0, so that it is found out once for each row whose it is
        query = f"select count(*) filter (where litxdb_own), {counts} from (\n{inner}\noffset 0) t"
        cursor.execute(queries.tagged(query))
        own, *others = cursor.fetchone() or (0,)
    return own, dict(zip(conditions, others, strict=True))
