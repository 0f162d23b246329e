"""Tables whose dead rows burden a vector index

Dead rows stay in an HNSW index until VACUUM, which has to repair the graph around each: searches step over them and
find fewer, and the VACUUM takes long. Rebuilding the index first is quicker, and leaves VACUUM next to nothing to do.
https://github.com/pgvector/pgvector#vacuuming
"""

from __future__ import annotations

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status

DEAD, SHARE = 10_000, 0.2

CHECK = Declaration(
    threshold="10,000 dead rows that are 20 % of the table info (pgbot's limits of any table)",
    remedy="reindex index concurrently INDEX;\nvacuum TABLE",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE",
    needs=("extension vector", "primary"),
)


def judge(*, vector_indexes: Rows) -> Judgement:
    usable = [row for row in vector_indexes if row.valid and row.method == "hnsw"]
    defects = tuple(
        Defect(
            Status.INFO,
            row.index,
            f"{many(row.dead, 'dead row')} beside {row.rows:,}",
            f"reindex index concurrently {row.index};\nvacuum {row.table}",
            value=row.dead,
        )
        for row in usable
        if row.dead >= DEAD and row.dead >= SHARE * (row.rows + row.dead)
    )
    return Judgement(len(usable), defects)
