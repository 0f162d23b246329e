"""Searches by an index that miss near neighbours

An index for nearest neighbours is approximate: what it does not find, nobody sees. Recall is the share of the ten truly
nearest rows that a search by the index returns, here for some rows of the table, each as a search, compared with a
search through the whole table. The remedy is the smallest setting that was seen to be enough; where none is, the index
has to be built with larger parameters. https://github.com/pgvector/pgvector#monitoring
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.check import Context, Declaration, Server, Tier
from litxdb.doctor.checks.vectors._recall import GOOD, measurable, measure
from litxdb.doctor.probing import probe
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.samples import read, require_readable
from litxdb.quoting import quoted_if_needed

if TYPE_CHECKING:
    from typing import Any

    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

BAD = 0.8

CHECK = Declaration(
    threshold="recall of the ten nearest below 0.9 warn, below 0.8 crit (our own)",
    remedy="alter database DATABASE set hnsw.ef_search = 100",
    fix=Fix.ASKS,
    lock="none; for a rebuild ACCESS EXCLUSIVE for a moment, then SHARE UPDATE EXCLUSIVE on the table",
    needs=("extension vector",),
    tier=Tier.DEEP,
)


def judge(*, connection: Connection, context: Context, server: Server) -> Judgement:
    def ask(cursor: Cursor, row: Any) -> Defect | None:
        require_readable(cursor, row)
        found = measure(cursor, row, context.deadline)
        if found.recall >= GOOD:
            return None
        remedy = f"alter database {quoted_if_needed(server.database)} set {found.parameter} = {found.enough}"
        if found.enough is None:
            remedy = _larger(row)
        measured = f"recall {found.recall:.2f} in {found.searches} searches with {found.parameter} = {found.value}"
        return Defect(
            Status.CRIT if found.recall < BAD else Status.WARN, row.index, measured, remedy, value=found.recall
        )

    return probe(connection, context, filter(measurable, read(connection, "vector_indexes")), ask)


def _larger(row: Any) -> str:
    """Build the index with twice as much of what it is made with; fewer lists are larger ones."""
    better = {"m": min(100, row.m * 2), "ef_construction": min(1000, max(row.construction, row.m * 2) * 2)}
    if row.method == "ivfflat":
        better = {"lists": max(1, row.lists // 4)}
    options = ", ".join(f"{name} = {value}" for name, value in better.items())
    return f"alter index {row.index} set ({options});\nreindex index concurrently {row.index}"
