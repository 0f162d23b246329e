"""The cache has no room, or no limit

With the policy noeviction a full Redis refuses every write, and nothing new is cached. Without maxmemory it grows until
the machine has no memory left, and the database's server may be what the kernel then kills. volatile-lru pushes out
what expires anyway, and keeps the versions that count; allkeys-lru might push those out, and bring back what is old.
https://redis.io/docs/latest/develop/reference/eviction/
"""

from __future__ import annotations

from litxdb.doctor.amounts import size
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.checks.cache._cached import require_cache
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

FULL = 0.9

CHECK = Declaration(
    threshold="90 % of maxmemory with noeviction warn; no maxmemory info",
    remedy="redis-cli config set maxmemory-policy volatile-lru",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    status = require_cache(context)
    if status.used_memory is None or status.maxmemory is None:
        raise Skip(Reason.NO_PRIVILEGE, "This Redis does not tell its memory (INFO).")
    used = size(status.used_memory)
    if not status.maxmemory:
        measured = f"{used} used, and no maxmemory"
        return Judgement(1, (Defect(Status.INFO, status.endpoint, measured, "redis-cli config set maxmemory 256mb"),))
    measured = f"{used} of {size(status.maxmemory)}, {status.policy}"
    if status.policy == "noeviction" and status.used_memory >= FULL * status.maxmemory:
        value = 100 * status.used_memory / status.maxmemory
        return Judgement(1, (Defect(Status.WARN, status.endpoint, measured, value=value),))
    return Judgement(1, detail=f"{measured}.")
