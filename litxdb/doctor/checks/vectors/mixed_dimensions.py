"""Vectors of several lengths in one column

Comparing two vectors of different lengths is an error, so a search that meets both fails, and no index can be built. It
comes of a column that does not say how long its vectors are, and of a change of the model. Embed the rows of the other
model again, and declare the length. A sample of each such column is read.
https://github.com/pgvector/pgvector#can-i-store-vectors-with-different-dimensions-in-the-same-column
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litxdb.doctor.check import Context, Declaration, Tier
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.samples import Sample, read, sampled

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CHECK = Declaration(
    threshold="two lengths crit (comparing them is an error)",
    remedy="select vector_dims(COLUMN) as dimensions, count(*) from TABLE group by 1",
    fix=Fix.MANUAL,
    lock="none",
    needs=("extension vector",),
    tier=Tier.DEEP,
)


def judge(*, connection: Connection, context: Context) -> Judgement:
    free = [row for row in read(connection, "vector_columns") if row.dimensions is None]
    return sampled(connection, context, free, _judge)


def _judge(row: Any, sample: Sample) -> Defect | None:
    if sample.shortest == sample.longest:
        return None
    return Defect(
        Status.CRIT,
        f"{row.table}.{row.column}",
        f"from {sample.shortest} to {sample.longest} dimensions",
        f"select {row.schema}.vector_dims({row.column}) as dimensions, count(*) from {row.table} group by 1",
    )
