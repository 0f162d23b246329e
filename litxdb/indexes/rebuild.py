"""Building an index anew in its place, beside live traffic."""

from __future__ import annotations

import time
from collections.abc import Sequence

from litxdb.database import Database
from litxdb.errors import Refused, ServerRefused
from litxdb.indexes.forecast import provided, warning
from litxdb.indexes.leftovers import after_rebuild
from litxdb.indexes.present import find, indexes
from litxdb.indexes.probe import examine
from litxdb.indexes.results import Done, Means, Patience
from litxdb.indexes.steps import drop
from litxdb.indexes.work import Statement, Watch, bench, looking_on


def rebuild(
    db: Database,
    name: str,
    means: Means | None = None,
    patience: Patience | None = None,
    *,
    dry_run: bool = False,
    watch: Watch = lambda phase: None,
) -> Done:
    """Rebuild an index with REINDEX CONCURRENTLY; what an earlier try left behind is dropped first.

    The index serves until its successor does. Needs room for both. An INVALID index becomes valid. With `dry_run`
    nothing changes, and the statements are those that a run would send. Raises Refused for an exclusion constraint's
    index, which PostgreSQL cannot build so, and as `create` does.
    """
    with looking_on(db) as onlooker:
        index = find(name, indexes(onlooker), "index")
        if index.constraint_type == "x":
            raise Refused(
                f"{index.quoted} is an exclusion constraint's: PostgreSQL cannot rebuild it CONCURRENTLY.",
                f"At a quiet time, as it locks the table: reindex index {index.quoted}",
            )
        reindex = Statement(f"reindex index concurrently {index.quoted}", f"Rebuilding {index.quoted}", index.quoted)

        def left_to_do() -> Sequence[Statement]:
            return [*(drop(second.quoted) for second in after_rebuild(indexes(onlooker), index.quoted)), reindex]

        if dry_run:
            statements = tuple(step.text for step in left_to_do())
            return Done(index.name, index.table_quoted, "planned", statements, bytes_before=index.bytes)
        used = means or Means()
        if index.method == "hnsw":
            needed, used = provided(onlooker, examine(onlooker, index.table_quoted, index.oid), used)
            if slow := warning(needed):
                db.notify(f"warning: {slow}")
        with bench(db, onlooker, index.table_oid, index.table_quoted, patience or Patience(), watch) as work:
            start = time.perf_counter()
            work.provide(used)
            statements = work.carry_out(left_to_do)
            milliseconds = (time.perf_counter() - start) * 1000
        after = find(index.quoted, indexes(onlooker), "index")
    if not after.valid:
        raise ServerRefused(f"{index.quoted} is still INVALID after it was rebuilt.", "Run it again.")
    return Done(
        index.name,
        index.table_quoted,
        "rebuilt",
        statements,
        milliseconds,
        bytes=after.bytes,
        bytes_before=index.bytes,
        attempts=work.attempts,
    )
