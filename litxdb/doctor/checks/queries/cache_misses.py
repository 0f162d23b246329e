"""Much of what is read is not in the cache

What is not in shared_buffers comes from the operating system's cache or, a hundred times slower, from the disk; the
figure cannot tell the two apart, and a backup or one scan of a large table lowers it as well. Where it stays low and
queries are slow, look for scans that an index would spare, then for more memory.
https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-SHARED-BUFFERS
"""

from __future__ import annotations

from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

INFO_SHARE, WARN_SHARE = 0.95, 0.90
BLOCKS = 50_000

CHECK = Declaration(
    threshold="of 50,000 blocks or more under 95 % info, under 90 % warn (dasha; never crit, as a dump does that too)",
    remedy="litxdb report cache-hit",
    fix=Fix.MANUAL,
    lock="none",
    needs=("self-managed", "window"),
)


def judge(*, databases: Rows) -> Judgement:
    (ours,) = (row for row in databases if row.ours)
    blocks = ours.blocks_hit + ours.blocks_read
    if blocks < BLOCKS:
        raise Skip(Reason.COLD_STATISTICS, f"Only {blocks:,} blocks were read; {BLOCKS:,} are needed.")
    share = ours.blocks_hit / blocks
    if share >= INFO_SHARE:
        return Judgement(1)
    level = Status.WARN if share < WARN_SHARE else Status.INFO
    measured = f"{share:.1%} of {blocks:,} blocks were in shared_buffers"
    return Judgement(1, (Defect(level, f"database {ours.database}", measured, value=share),))
