"""Dropping an index: its use shown first, and its definition kept."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from litxdb.database import Database
from litxdb.errors import Refused
from litxdb.indexes import steps
from litxdb.indexes.present import Index, find, indexes, reading, since, spellings
from litxdb.indexes.results import Done, Patience, Usage
from litxdb.indexes.wanted import WANTED
from litxdb.indexes.work import Statement, bench, looking_on
from litxdb.journal import Journal

HEAD = re.compile(r"CREATE (UNIQUE )?INDEX ")


def usage(db: Database, name: str) -> Usage:
    """Say what an index is used for, as far as this server knows, and how it could be built again.

    Raises Refused for an index that cannot go by itself: a constraint's, a partition's, a partitioned table's, one that
    a foreign key or logical replication needs.
    """
    with reading(db) as connection:
        index = _droppable(find(name, indexes(connection), "index"))
        counted = since(connection)
        spelling = spellings(connection, [index.oid]).get(index.oid)
        if spelling is None:
            raise Refused(f"The table {index.table_quoted} is locked, so the definition cannot be kept.", "Try again.")
        reasons = {wanted.name: wanted.reason for wanted in WANTED if wanted.table == index.table}
        return Usage(
            index=index.quoted,
            table=index.table_quoted,
            definition=spelling.definition,
            bytes=index.bytes,
            scans=index.scans,
            tuples_read=index.tuples_read,
            last_used=index.last_used,
            since=counted,
            reason=reasons.get(index.name) if index.visible else None,
            undo=HEAD.sub(r"\g<0>CONCURRENTLY ", spelling.definition, count=1),
        )


def drop(db: Database, used: Usage, patience: Patience | None = None) -> Done:
    """Drop the index with DROP INDEX CONCURRENTLY; the journal keeps the statement that builds it again.

    Reads and writes of the table go on meanwhile. Idempotent: an interrupted run leaves the index INVALID, and running
    it again ends that. Raises as `usage` and `create` do, and ConfigurationInvalid, with nothing changed, when the
    journal cannot be written.
    """
    with looking_on(db) as onlooker:
        index = _droppable(find(used.index, indexes(onlooker), "index"))
        statement = steps.drop(index.quoted)

        def left_to_do() -> Sequence[Statement]:
            return [statement] if any(each.oid == index.oid for each in indexes(onlooker)) else []

        with (
            bench(
                db, onlooker, index.table_oid, index.table_quoted, patience or Patience(), lambda phase: None
            ) as work,
            Journal(db.settings.state).recording(str(db.endpoint), statement.text, used.undo, db.notify),
        ):
            start = time.perf_counter()
            statements = work.carry_out(left_to_do)
            milliseconds = (time.perf_counter() - start) * 1000
    return Done(
        index.name,
        index.table_quoted,
        "dropped",
        statements,
        milliseconds,
        bytes_before=index.bytes,
        attempts=work.attempts,
        undo=used.undo,
    )


def _droppable(index: Index) -> Index:
    """Return the index if it can be dropped by itself; raises Refused with what to do instead."""
    kinds = {"p": "primary key", "u": "unique constraint", "x": "exclusion constraint"}
    if index.constraint is not None:
        kind = kinds[index.constraint_type or "u"]
        instead = f"alter table {index.table_quoted} drop constraint {index.constraint}"
        raise Refused(
            f"{index.quoted} is what the {kind} {index.constraint} of {index.table_quoted} stands on.",
            f"It goes with that, in a revision of its own: {instead}",
        )
    if index.referenced_by:
        raise Refused(f"Foreign keys need {index.quoted}: {', '.join(index.referenced_by)}.", "Drop those first.")
    if index.replica_identity:
        raise Refused(
            f"Logical replication knows the rows of {index.table_quoted} by {index.quoted}.",
            f"Give the table another identity first: alter table {index.table_quoted} replica identity …",
        )
    if index.parent_oid is not None:
        raise Refused(f"{index.quoted} is a partition's share of an index.", "Drop the index of the whole table.")
    if index.partitioned:
        raise Refused(
            f"{index.quoted} is a partitioned table's: PostgreSQL cannot drop it CONCURRENTLY.",
            f"At a quiet time, as it locks the table and all its partitions: drop index {index.quoted}",
        )
    return index
