"""The memory that building an HNSW index takes, and the statements that build one with enough of it."""

from __future__ import annotations

from math import ceil

from litxdb.indexes.vectors import graph_bytes_per_row

MARGIN = 1.1
"""Rows are estimates, and some come while the build goes on."""


def graph_bytes(type_name: str, dimensions: int | None, m: int, rows: int) -> int | None:
    """Return what the graph of an index takes while it is built; None where vectors differ in size.

    >>> graph_bytes("vector", 1536, 16, 10_000), graph_bytes("sparsevec", 9, 16, 10_000)
    (68640000, None)
    """
    each = None if dimensions is None else graph_bytes_per_row(type_name, dimensions, m)
    return None if each is None else each * rows


def with_memory(needed: int | None, allowed: int, statement: str) -> str:
    """Put before a statement that builds an index what gives its session the memory for that, where it has less.

    >>> print(with_memory(1 << 30, 64 << 20, "reindex index concurrently i"))
    set maintenance_work_mem = '1127MB';
    reindex index concurrently i
    >>> with_memory(1 << 20, 64 << 20, "reindex index concurrently i")
    'reindex index concurrently i'
    """
    if needed is None or needed <= allowed:
        return statement
    return f"set maintenance_work_mem = '{ceil(needed * MARGIN / (1 << 20))}MB';\n{statement}"
