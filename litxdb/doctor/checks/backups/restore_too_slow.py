"""Restoring takes longer than LitXplore may be down

The time was measured by restoring this very backup, on the machine that verified it. It grows with the data, most of
all with vector indexes, which are built anew: more memory for them (maintenance_work_mem), parallel jobs, or a standby
are what helps. LitXplore's objective is to be back within the hour (RTO 1 h).
"""

from __future__ import annotations

from litxdb.doctor.amounts import age
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.doctor.stored import require_backups

WARN = 0.75

CHECK = Declaration(
    threshold="measured time over 0.75 RTO (45 min) warn, over RTO (1 h) crit",
    remedy="litxdb restore --help",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    from litxdb.backup.objectives import RTO_SECONDS

    verified = require_backups(context).verified
    if verified is None or verified.proof is None or verified.proof.restore_seconds is None:
        raise Skip(Reason.NOTHING_THERE, "Nobody has measured it.", "litxdb verify --latest")
    seconds = verified.proof.restore_seconds
    if seconds <= WARN * RTO_SECONDS:
        return Judgement(1, detail=f"{age(seconds)}, measured with {verified.name}.")
    level = Status.CRIT if seconds > RTO_SECONDS else Status.WARN
    return Judgement(1, (Defect(level, verified.name, f"restored in {age(seconds)}", value=seconds),))
