"""Vector indexes for the same searches

Two indexes for nearest neighbours on one column with one operator class answer the same searches, whatever their
parameters (m, ef_construction, lists); the planner takes one of them. Building them costs the most of all indexes, and
each wants to be in memory whole. Compare the recall of both first: the one with the larger parameters finds more. One
for another operator is not the same. https://github.com/pgvector/pgvector#hnsw
"""

from __future__ import annotations

from litxdb.catalog import Likeness
from litxdb.doctor import spare_indexes
from litxdb.doctor.check import Declaration
from litxdb.doctor.results import Fix, Judgement, Status

CHECK = Declaration(
    threshold="one pair warn (as any duplicate)",
    remedy="litxdb index drop INDEX",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE on the table",
    needs=("extension vector",),
)


def judge(*, indexes: spare_indexes.Indexes) -> Judgement:
    return spare_indexes.judge(indexes, set(Likeness), Status.WARN, ann=True)
