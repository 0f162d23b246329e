"""What the build of an HNSW index needs: memory for its graph, and room on disk.

https://github.com/pgvector/pgvector#index-build-time
"""

from __future__ import annotations

from collections.abc import Mapping

from litxdb.indexes.results import Graph, Means

ELEMENT_BYTES = {"vector": 4.0, "halfvec": 2.0, "bit": 0.125}
"""Of one dimension; what a sparsevec takes depends on the row."""

DEFAULT_M = 16
PAGE_BYTES = 8192 - 24 - 8
"""A page less its header and what pgvector keeps at its end."""

PARALLEL_RESERVE_BYTES = 3 * 1024**2
"""What pgvector keeps of maintenance_work_mem for other things when several processes build."""

WORKER_BYTES = 32 * 1024**2
"""PostgreSQL starts no more processes than have so much of maintenance_work_mem each (plan_create_index_workers)."""


def vector_bytes(type_name: str, dimensions: int) -> int | None:
    """Return the size of a vector; None for a type whose vectors differ in size.

    >>> vector_bytes("vector", 1536), vector_bytes("halfvec", 1536), vector_bytes("sparsevec", 9)
    (6152, 3080, None)
    """
    element = ELEMENT_BYTES.get(type_name)
    return None if element is None else int(dimensions * element) + 8


def graph_bytes_per_row(type_name: str, dimensions: int, m: int) -> int | None:
    """Return what a row takes in the graph while it is built.

    It agrees with what pgvector 0.8.6 itself says when the graph no longer fits, within 1 % for 384 to 1536 dimensions.

    >>> graph_bytes_per_row("vector", 1536, 16)
    6864
    """
    size = vector_bytes(type_name, dimensions)
    return None if size is None else size + 32 * m + 200


def index_bytes(type_name: str, dimensions: int, m: int, rows: int) -> int | None:
    """Return about how large the index will be on disk: a page holds as many whole rows as fit.

    >>> [index_bytes("vector", dimensions, 16, 1000) // 8192 for dimensions in (384, 768, 1536)]
    [250, 500, 1000]
    """
    size = vector_bytes(type_name, dimensions)
    if size is None:
        return None
    element = _aligned(72 + size) + 4  # HnswElementTupleData, and a line pointer
    neighbours = _aligned(4 + 6 * 2 * m) + 4
    fitting = max(1, PAGE_BYTES // (element + neighbours))
    return -(-rows // fitting) * 8192


def graph(type_name: str, dimensions: int, m: int, rows: int, allowed_bytes: int) -> Graph | None:
    """Predict the memory of a build."""
    each = graph_bytes_per_row(type_name, dimensions, m)
    return None if each is None else Graph(rows, each, rows * each, allowed_bytes, allowed_bytes // each)


def provide(needed: Graph | None, means: Means, server: Mapping[str, int]) -> Means:
    """Decide what a build may use: as much memory as its graph needs, within what is allowed, and processes to match.

    Several processes share the memory, which is taken at once: no more is asked for than is needed. `server` has the
    settings of sql/indexes/settings.sql.

    >>> server = {"maintenance_work_mem": 64 << 20, "shared_buffers": 1 << 30, "max_parallel_maintenance_workers": 2}
    >>> used = provide(Graph(100_000, 6864, 686_400_000, 1 << 30, 156_000), Means(), server)
    >>> used.memory_bytes >> 20, used.workers
    (690, 2)
    >>> provide(Graph(10, 6864, 68640, 1 << 30, 156_000), Means(), server).workers
    1
    """
    allowed = allowance(means, server)
    need = round(needed.bytes * 1.05) + PARALLEL_RESERVE_BYTES if needed else 0
    memory = min(max(need, server["maintenance_work_mem"]), allowed)
    wanted = server["max_parallel_maintenance_workers"] if means.workers is None else means.workers
    return Means(memory, max(0, min(wanted, memory // WORKER_BYTES - 1)))


def allowance(means: Means, server: Mapping[str, int]) -> int:
    """Return how much memory a build may use, in bytes.

    Unless somebody says, as much as shared_buffers: whoever sized those for the machine left more than that free.

    >>> allowance(Means(), {"maintenance_work_mem": 64, "shared_buffers": 128}), allowance(Means(memory_bytes=32), {})
    (128, 32)
    """
    return means.memory_bytes or max(server["maintenance_work_mem"], server["shared_buffers"])


def _aligned(size: int) -> int:
    return (size + 7) // 8 * 8
