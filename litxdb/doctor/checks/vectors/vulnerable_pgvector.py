"""pgvector with a defect that later releases mend

Before 0.8.2 a parallel build of an HNSW index can write beyond its memory (CVE-2026-3172, from 0.6.0 on), before 0.8.3
VACUUM can damage an HNSW index, and before 0.8.4 VACUUM can fail on one. What counts is the library that the server
loads, not the version that the extension was created with; after an upgrade sessions have to begin anew, and indexes
that a defect may have damaged have to be rebuilt. https://github.com/pgvector/pgvector/blob/master/CHANGELOG.md
"""

from __future__ import annotations

from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.configuration import by_name, number
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.queries import numbered

PARALLEL_BUILDS, OVERFLOW_MENDED, VACUUM_MENDED = (0, 6, 0), (0, 8, 2), (0, 8, 4)

CHECK = Declaration(
    threshold="0.6.0 to 0.8.1 crit where HNSW indexes are built in parallel (CVE-2026-3172), else before 0.8.4 warn",
    remedy="alter extension vector update",
    fix=Fix.MANUAL,
    lock="SHARE UPDATE EXCLUSIVE on each index that is rebuilt",
    needs=("extension vector",),
)


def judge(*, server: Server, settings: Rows, vector_indexes: Rows) -> Judgement:
    version = server.available.get("vector") or server.extensions["vector"][0]
    if numbered(version) >= VACUUM_MENDED:
        return Judgement(1)
    graphs = [row.index for row in vector_indexes if row.method == "hnsw"]
    parallel = number(by_name(settings)["max_parallel_maintenance_workers"]) > 0
    overflows = PARALLEL_BUILDS <= numbered(version) < OVERFLOW_MENDED
    level = Status.CRIT if overflows and parallel and graphs else Status.WARN
    rebuild = [f"reindex index concurrently {index}" for index in graphs]
    remedy = ";\n".join(["-- upgrade the server's pgvector package, then:\n" + CHECK.remedy, *rebuild])
    return Judgement(1, (Defect(level, "vector", f"pgvector {version}, {len(graphs)} HNSW indexes", remedy),))
