"""Entries of versions of the cache that nobody reads any more

Once the version of a kind has gone up, what was cached before only takes memory until it expires, and may push out what
is read.
"""

from __future__ import annotations

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.checks.cache._cached import require_cache
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CHECK = Declaration(
    threshold="one info",
    remedy="litxdb cache purge --old-versions",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    status = require_cache(context)
    kinds = [row for row in status.rows if row.version is not None]
    defects = tuple(
        Defect(
            Status.INFO,
            row.kind,
            f"{many(row.old_versions, 'key')} below version {row.version}",
            value=row.old_versions,
        )
        for row in kinds
        if row.old_versions
    )
    return Judgement(sum(row.keys for row in kinds), defects)
