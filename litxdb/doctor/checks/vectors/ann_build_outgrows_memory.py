"""HNSW indexes whose graph does not fit into memory while they are built

Once the graph no longer fits into maintenance_work_mem the build goes on row by row on disk, and takes many times as
long: days instead of an hour for some millions of rows. An index that is there is not slower for it, but a rebuild
(after a restore, or a REINDEX) will be. In a container shared memory (docker run --shm-size) has to be as large. Half
precision (halfvec) takes half the room. https://github.com/pgvector/pgvector#index-build-time
"""

from __future__ import annotations

from litxdb.doctor.amounts import many, size
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.checks.vectors._graphs import graph_bytes, with_memory
from litxdb.doctor.configuration import by_name, number
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CHECK = Declaration(
    threshold="rows x (4 x dimensions + 8 + 32 x m + 200) bytes more than maintenance_work_mem: "
    "warn for an index that is yet to be rebuilt, info for one that works (measured with pgvector 0.8.6)",
    remedy="set maintenance_work_mem = …",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE on the table",
    needs=("extension vector",),
)


def judge(*, vector_indexes: Rows, settings: Rows) -> Judgement:
    allowed = number(by_name(settings)["maintenance_work_mem"])
    examined, defects = 0, []
    for row in vector_indexes:
        needed = graph_bytes(row.type, row.dimensions, row.m, row.rows) if row.method == "hnsw" else None
        if needed is None:
            continue
        examined += 1
        if needed > allowed:
            fitting = many(int(row.rows * allowed / needed), "row")
            defects.append(
                Defect(
                    Status.INFO if row.valid else Status.WARN,
                    row.index,
                    f"a build needs {size(needed)}, has {size(allowed)}, enough for {fitting} of {row.rows:,}",
                    with_memory(needed, allowed, f"reindex index concurrently {row.index}"),
                    value=needed,
                )
            )
    return Judgement(examined, tuple(defects))
