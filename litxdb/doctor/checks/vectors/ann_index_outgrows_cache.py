"""Vector indexes that are larger than the cache

A search in an HNSW index reads pages from all over it: when they are not in memory each costs a read from disk, and a
search takes seconds instead of milliseconds. Beyond shared_buffers the operating system may still hold them, which
costs some microseconds a page. An index on half precision takes half the room and finds nearly the same; else give the
server more memory. https://github.com/pgvector/pgvector#performance
"""

from __future__ import annotations

from typing import Any

from litxdb.doctor.amounts import size
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.configuration import by_name, number
from litxdb.doctor.results import Defect, Fix, Judgement, Status

PAGE_BYTES = 8192

CHECK = Declaration(
    threshold="larger than shared_buffers (on Neon with its cache) info, than effective_cache_size warn (pgvector)",
    remedy="create index concurrently on TABLE using hnsw ((COLUMN::halfvec(1536)) halfvec_cosine_ops)",
    fix=Fix.MANUAL,
    lock="SHARE UPDATE EXCLUSIVE",
    needs=("extension vector",),
)


def judge(*, vector_indexes: Rows, settings: Rows, server: Server) -> Judgement:
    named = by_name(settings)
    cache = number(named["shared_buffers"])
    if server.neon and "neon.file_cache_size_limit" in named:
        cache += number(named["neon.file_cache_size_limit"])
    machine = max(cache, number(named["effective_cache_size"]))
    defects = tuple(
        _defect(row, cache, machine) for row in vector_indexes if row.valid and row.pages * PAGE_BYTES > cache
    )
    return Judgement(len(vector_indexes), defects)


def _defect(row: Any, cache: int, machine: int) -> Defect:
    taken = row.pages * PAGE_BYTES
    level, than = (Status.WARN, f"effective_cache_size {size(machine)}") if taken > machine else (Status.INFO, "")
    remedy = f"create extension if not exists pg_prewarm; select pg_prewarm('{row.oid}'::regclass)"
    if row.type == "vector" and row.dimensions and row.on_column and row.method == "hnsw":
        half, opclass = (
            f"{row.column}::{row.schema}.halfvec({row.dimensions})",
            row.opclass.replace("vector", "halfvec"),
        )
        key = f"({half}) {row.schema}.{opclass}"
        remedy = f"create index concurrently on {row.table} using hnsw ({key}) with (m = {row.m})"
    measured = f"{size(taken)}, {than or f'shared_buffers {size(cache)}'}"
    return Defect(level, row.index, measured, remedy, value=taken)
