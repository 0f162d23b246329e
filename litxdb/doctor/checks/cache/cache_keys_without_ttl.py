"""Entries of the cache that never expire

What LitXplore caches lives for an hour, or a day. An entry without that is never renewed, so that a paper keeps its old
analysis, and it takes memory for ever.
"""

from __future__ import annotations

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.checks.cache._cached import require_cache
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CHECK = Declaration(
    threshold="one warn (all of LitXplore's entries have a time to live)",
    remedy="litxdb cache keys --without-ttl",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    from litxdb.cache import KINDS

    status = require_cache(context)
    kinds = [row for row in status.rows if row.kind in KINDS]
    defects = tuple(
        Defect(Status.WARN, row.kind, f"{many(row.without_ttl, 'key')} never expire", value=row.without_ttl)
        for row in kinds
        if row.without_ttl
    )
    return Judgement(sum(row.keys for row in kinds), defects)
