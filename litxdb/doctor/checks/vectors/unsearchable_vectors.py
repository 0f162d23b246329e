"""Rows that a search by vector cannot find

A row without a vector is in no index, and one whose vector is all zeros has no direction: by cosine distance it is left
out of the index and never found. A few are rows that wait for their embedding; many are an embedding that fails. A
sample of each column is read. LitXplore's own sources have a check of their own for rows without a vector.
https://github.com/pgvector/pgvector#hnsw
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Context, Declaration, Tier
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.samples import Sample, read, sampled

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SHARE = 0.01

CHECK = Declaration(
    threshold="1 % of a sample of 1,000 rows info (our own)",
    remedy="select * from TABLE where COLUMN is null",
    fix=Fix.MANUAL,
    lock="none",
    needs=("extension vector",),
    tier=Tier.DEEP,
)


def judge(*, connection: Connection, context: Context) -> Judgement:
    return sampled(connection, context, read(connection, "vector_columns"), _judge)


def _judge(row: Any, sample: Sample) -> Defect | None:
    nulls = 0 if row.table.endswith(".sources") and row.column == "embedding" else sample.nulls
    lost = nulls + sample.zeros
    if lost <= SHARE * sample.rows:
        return None
    zero = f"{row.column} operator({row.schema}.<=>) {row.column} = 'NaN'"
    return Defect(
        Status.INFO,
        f"{row.table}.{row.column}",
        f"{many(nulls, 'row')} without a vector and {sample.zeros} of zeros alone, among {sample.rows:,} read",
        f"select * from {row.table} where {row.column} is null or {zero} limit 20",
        value=lost / sample.rows,
    )
