"""Indexes that PostgreSQL maintains but does not use

No query uses an invalid index, writes may still pay for it, CREATE INDEX IF NOT EXISTS takes it for done, and if it is
unique nothing keeps duplicates out. It is what an interrupted or failed CREATE INDEX CONCURRENTLY or REINDEX
CONCURRENTLY leaves; one that is being built or dropped right now is invalid as well, and is not reported. A REINDEX
that failed leaves a second index beside the first, ending in _ccnew or _ccold, which is to be dropped. A unique index
cannot be rebuilt while duplicates are there: remove those first. The index of a partitioned table is invalid until each
partition has its part: the remedy prints the statements that add what is missing.
https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY
"""

from __future__ import annotations

from typing import Any

from litxdb.doctor.amounts import size
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CHECK = Declaration(
    threshold="unique crit, maintained by writes warn, else info (pgbot)",
    remedy="reindex index concurrently INDEX",
    fix=Fix.SAFE,
    lock="SHARE UPDATE EXCLUSIVE on the table",
    needs=("primary",),
)


def judge(*, unusable_indexes: Rows) -> Judgement:
    left = [row for row in unusable_indexes if row.index and row.builder is None]
    return Judgement(unusable_indexes[0].examined, tuple(map(_defect, left)))


def _defect(row: Any) -> Defect:
    level = Status.WARN if row.ready and row.live else Status.INFO
    if row.is_parent:
        level = Status.CRIT if row.unique else Status.WARN
        measured = f"on {row.table}, {row.attached} of {row.partitions} partitions have it"
        return Defect(level, row.index, measured, _parts(row.oid), fix=Fix.MANUAL)
    state = "writes maintain it" if row.ready and row.live else "nothing maintains it"
    measured = f"on {row.table}{' (its TOAST table)' if row.is_toast else ''}, {size(row.bytes)}, {state}"
    if row.repeats or not row.live:
        return Defect(level, row.index, measured, f"drop index concurrently {row.index}", value=row.bytes)
    if row.unique and not row.is_toast:
        measured += ", duplicates are possible"
        return Defect(
            Status.CRIT, row.index, measured, f"reindex index concurrently {row.index}", Fix.ASKS, value=row.bytes
        )
    # only superusers may name what is in the schema pg_toast
    whole = f"reindex table concurrently {row.table}"
    remedy = whole if row.is_toast else f"reindex index concurrently {row.index}"
    return Defect(level, row.index, measured, remedy, value=row.bytes)


def _parts(index: int) -> str:
    """Return the query that prints what completes a partitioned table's index."""
    return (
        "select format('create %sindex concurrently %I on %s %s; alter index %s attach partition %s.%2$I;', "
        "case when i.indisunique then 'unique ' end, "
        "left(t.relname || '_' || c.relname, 63), t.oid::regclass, substring(pg_get_indexdef(c.oid) from 'USING.*'), "
        "c.oid::regclass, t.relnamespace::regnamespace) from pg_index i join pg_class c on c.oid = i.indexrelid "
        "join pg_inherits p on p.inhparent = i.indrelid join pg_class t on t.oid = p.inhrelid where "
        f"c.oid = {index} and not exists (select from pg_inherits a join pg_index x on x.indexrelid = a.inhrelid "
        "where a.inhparent = c.oid and x.indrelid = t.oid and x.indisvalid)"
    )
