"""Columns of vectors that no index searches

Each search for the nearest vectors reads every vector of the table, and compares it. An HNSW index finds them, or
nearly all of them, in milliseconds. The remedy is for cosine distance (<=>), as LitXplore searches; the index has to
have the class of the operator by which statements order. While it is built the graph should fit into
maintenance_work_mem, or the build slows down to days; what the remedy asks for must be there in the machine. Vectors of
more than 2,000 dimensions are indexed as half precision, of more than 4,000 by their signs alone, whose best are to be
ordered again. https://github.com/pgvector/pgvector#hnsw
"""

from __future__ import annotations

from typing import Any

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.checks.vectors._graphs import graph_bytes, with_memory
from litxdb.doctor.configuration import by_name, number
from litxdb.doctor.results import Defect, Fix, Judgement, Status

ROWS = 10_000
LONGEST = {"vector": 2000, "halfvec": 4000}
"""Dimensions that HNSW takes: https://github.com/pgvector/pgvector#hnsw"""

CHECK = Declaration(
    threshold="10,000 rows warn (our own: reading so many takes longer than 100 ms)",
    remedy="create index concurrently on TABLE using hnsw (COLUMN vector_cosine_ops)",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE",
    needs=("extension vector",),
)


def judge(*, vector_columns: Rows, vector_indexes: Rows, settings: Rows) -> Judgement:
    searched = {(row.table_oid, row.number) for row in vector_indexes}
    memory = number(by_name(settings)["maintenance_work_mem"])
    defects = tuple(
        Defect(
            Status.WARN,
            f"{row.table}.{row.column}",
            f"about {many(row.rows, 'row')}, no HNSW or IVFFlat index",
            _remedy(row, memory),
            value=row.rows,
        )
        for row in vector_columns
        if row.rows >= ROWS and (row.table_oid, row.number) not in searched
    )
    return Judgement(len(vector_columns), defects)


def _remedy(row: Any, memory: int) -> str:
    if row.dimensions is None and row.type != "sparsevec":
        return f"select {row.schema}.vector_dims({row.column}) as dimensions, count(*) from {row.table} group by 1"
    key, held = f"{row.column} {row.schema}.{row.type}_cosine_ops", row.type
    if row.type in LONGEST and row.dimensions > LONGEST["halfvec"]:
        key = f"({row.schema}.binary_quantize({row.column})::bit({row.dimensions})) {row.schema}.bit_hamming_ops"
        held = "bit"
    elif row.type in LONGEST and row.dimensions > LONGEST[row.type]:
        key = f"({row.column}::{row.schema}.halfvec({row.dimensions})) {row.schema}.halfvec_cosine_ops"
        held = "halfvec"
    needed = graph_bytes(held, row.dimensions, 16, row.rows)
    return with_memory(needed, memory, f"create index concurrently on {row.table} using hnsw ({key})")
