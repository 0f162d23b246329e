"""Most of what is looked for in the cache is not there

Every miss is work for a model or the database. Entries live too short, memory is so small that they are pushed out, or
a version goes up at each release. The figures are the server's since it started, other programs' reads included.
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.checks.cache._cached import require_cache
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

PERCENT, ENOUGH = 50.0, 1000

CHECK = Declaration(
    threshold="below 50 % of at least 1000 reads info (our own)",
    remedy="litxdb cache status",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    status = require_cache(context)
    if status.hit_percent is None or (asked := (status.hits or 0) + (status.misses or 0)) < ENOUGH:
        raise Skip(Reason.COLD_STATISTICS, f"Fewer than {ENOUGH} reads are known of.")
    evicted = f", {status.evicted_keys:,} keys pushed out" if status.evicted_keys else ""
    measured = f"{status.hit_percent:.0f} % of {asked:,} reads found something{evicted}"
    if status.hit_percent < PERCENT:
        return Judgement(1, (Defect(Status.INFO, status.endpoint, measured, value=status.hit_percent),))
    return Judgement(1, detail=f"{measured}.")
