"""Columns of vectors of any length

A column that does not say how long its vectors are cannot be indexed for nearest-neighbour search, and takes whatever a
wrong model sends; comparing two vectors of different lengths is an error then, in the reader's session. The remedy says
which lengths there are; with one of them declare it: alter table … alter column … type vector(1536), which reads the
table under ACCESS EXCLUSIVE. With several, the rows of the wrong model have to be embedded again first.
https://github.com/pgvector/pgvector#can-i-store-vectors-with-different-dimensions-in-the-same-column
"""

from __future__ import annotations

from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CHECK = Declaration(
    threshold="one column warn (pgvector's documentation)",
    remedy="alter table TABLE alter column COLUMN type vector(1536)",
    fix=Fix.MANUAL,
    lock="ACCESS EXCLUSIVE",
    needs=("extension vector",),
)


def judge(*, vector_columns: Rows) -> Judgement:
    defects = tuple(
        Defect(
            Status.WARN,
            f"{row.table}.{row.column}",
            f"{row.type} without dimensions",
            f"select {row.schema}.vector_dims({row.column}) as dimensions, count(*) from {row.table} group by 1",
        )
        for row in vector_columns
        if row.dimensions is None and row.type != "sparsevec"
    )
    return Judgement(len(vector_columns), defects)
