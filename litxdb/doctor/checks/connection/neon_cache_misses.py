"""Neon's Local File Cache is too small

What is in neither shared_buffers nor this cache is fetched over the network from Neon's storage, which is slower by
far. The cache is about three quarters of a compute's memory, so a bigger compute, or data that takes less room
(halfvec, fewer indexes), is what helps. The counters begin anew when the compute wakes up.
https://neon.com/docs/extensions/neon
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.check import Declaration, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.quoting import quoted

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

WARN = 0.99
ENOUGH = 50_000
"""Reads, below which a ratio says nothing (dasha's floor)."""

CHECK = Declaration(
    threshold="less than 99 % hits warn (Neon's documentation), from 50,000 reads on (dasha)",
    remedy="-- a bigger compute, in Neon's console",
    fix=Fix.MANUAL,
    lock="none",
    needs=("neon", "extension neon"),
)


def judge(*, connection: Connection, server: Server) -> Judgement:
    with connection.cursor() as cursor:
        schema = quoted(server.extensions["neon"][1])
        cursor.execute(f"select file_cache_hits, file_cache_misses from {schema}.neon_stat_file_cache")
        hits, misses = (int(value or 0) for value in cursor.fetchone() or (0, 0))
    if hits + misses < ENOUGH:
        raise Skip(Reason.COLD_STATISTICS, f"{hits + misses:,} reads so far; {ENOUGH:,} are needed.")
    ratio = hits / (hits + misses)
    if ratio >= WARN:
        return Judgement(1)
    measured = f"{ratio:.1%} of {hits + misses:,} reads"
    return Judgement(1, (Defect(Status.WARN, "Local File Cache", measured, value=ratio),))
