"""What LitXplore wants against what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from litxdb.catalog import Duplicate, Likeness, find_duplicates, read_indexes
from litxdb.database import Database
from litxdb.indexes.present import Index, Spelling, indexes, reading, since, spellings, tables
from litxdb.indexes.results import Definition, IndexRow, Listing
from litxdb.indexes.wanted import WANTED

STATUSES = ("invalid", "building", "missing", "different", "redundant", "present")
KINDS = {"p": "primary key", "u": "unique constraint", "x": "exclusion constraint"}


def list_indexes(db: Database) -> Listing:
    """List the indexes that are there and those that LitXplore wants, the trouble first.

    Changes nothing, and waits for no lock: how an index of a table under ACCESS EXCLUSIVE is defined is not asked.
    """
    with reading(db) as connection:
        there = indexes(connection)
        visible = {table.name: table.quoted for table in tables(connection) if table.visible}
        counted = since(connection)
        superfluous = {each.index_oid: each for each in find_duplicates(read_indexes(connection))}
        wishes = {(visible[wish.table], wish.name): wish for wish in WANTED if wish.table in visible}
        ours = [index.oid for index in there if (index.table_quoted, index.name) in wishes]
        spelled = spellings(connection, ours)
    awaited = tuple(wish.name for wish in WANTED if wish.table not in visible) if wishes else ()
    rows = [*_present(there, wishes, spelled, superfluous), *_missing(there, wishes)]
    return Listing(
        counted, awaited, tuple(sorted(rows, key=lambda row: (STATUSES.index(row.status), row.table, row.index)))
    )


Wishes = Mapping[tuple[str, str], Definition]
"""LitXplore's indexes by their table, quoted, and name."""


def _present(
    there: tuple[Index, ...], wishes: Wishes, spelled: Mapping[int, Spelling], superfluous: Mapping[int, Duplicate]
) -> Iterator[IndexRow]:
    for index in there:
        wish = wishes.get((index.table_quoted, index.name))
        status, detail = _standing(index, wish, spelled.get(index.oid), superfluous.get(index.oid))
        yield IndexRow(
            status=status,
            index=index.name if index.visible else index.quoted,
            table=index.table if index.visible else index.table_quoted,
            reason=wish.reason if wish else KINDS.get(index.constraint_type or ""),
            wanted=wish is not None,
            bytes=index.bytes,
            scans=index.scans,
            last_used=index.last_used,
            detail=detail,
        )


def _standing(
    index: Index, wish: Definition | None, spelling: Spelling | None, other: Duplicate | None
) -> tuple[str, str | None]:
    if not index.valid and index.builder_pid is not None:
        done = f", {index.fraction:.0%} of it" if index.fraction is not None else ""
        return "building", f"pid {index.builder_pid}: {index.phase or 'phase unknown'}{done}"
    if not index.valid:
        return "invalid", f"every write pays for it, no query uses it: litxdb index rebuild {index.quoted}"
    if wish and spelling and (spelling.target, index.is_unique) != (wish.target, wish.unique):
        unique = "unique, " if wish.unique else ""
        return "different", f"is {spelling.target}; LitXplore wants {unique}{wish.target}"
    if other is not None:
        probably = "probably " if other.likeness is Likeness.REVERSED else ""
        return "redundant", f"{probably}serves nothing that {other.covered_by} does not"
    return "present", None


def _missing(there: tuple[Index, ...], wishes: Wishes) -> Iterator[IndexRow]:
    names = {(index.table_quoted, index.name) for index in there}
    for key, wish in wishes.items():
        if key not in names:
            yield IndexRow("missing", wish.name, wish.table, wish.reason, wanted=True)
