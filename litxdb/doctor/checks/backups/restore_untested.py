"""It is long since a backup was restored

That it can be read says little: an extension that is missing, a role, a limit of the disk show only when it is
restored, and how long that takes is known from nothing else. `litxdb verify` restores into a scratch database and
compares every table. LitXplore's rule is once a quarter; a nightly backup deserves it every week.
"""

from __future__ import annotations

from litxdb.doctor.amounts import age
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.doctor.stored import require_backups, seconds_since

WARN_SECONDS, CRIT_SECONDS = 7 * 86400, 92 * 86400

CHECK = Declaration(
    threshold="the last restore older than 7 days warn (our own), a quarter crit (LitXplore's rule)",
    remedy="litxdb verify --latest",
    fix=Fix.ASKS,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    found, name = require_backups(context), context.db.direct_endpoint.dbname
    proofs = [proof for backup in found.backups for proof in backup.proofs if proof.full]
    if not proofs:
        raise Skip(Reason.NOTHING_THERE, "No backup was ever restored.", "litxdb verify --latest")
    seconds = min(seconds_since(proof.at) for proof in proofs)
    if seconds <= WARN_SECONDS:
        return Judgement(len(proofs))
    level = Status.CRIT if seconds > CRIT_SECONDS else Status.WARN
    return Judgement(len(proofs), (Defect(level, name, f"the last was restored {age(seconds)} ago", value=seconds),))
