"""A backup could not be restored, or was not what it should be

It is worth nothing, and what spoilt it (the disk, the program, a table that changed beneath it) may have spoilt the
others too. Take another one, verify that, and find out why before the old ones expire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.amounts import age, many
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.stored import require_backups, seconds_since

if TYPE_CHECKING:
    from litxdb.backup import Proof

CHECK = Declaration(
    threshold="the newest backup crit, an older one warn",
    remedy="litxdb backup && litxdb verify --latest",
    fix=Fix.ASKS,
    lock="ACCESS SHARE",
)


def judge(*, context: Context) -> Judgement:
    backups = require_backups(context).backups
    defects = tuple(
        Defect(
            Status.CRIT if backup is backups[0] else Status.WARN,
            backup.name,
            f"{age(seconds_since(backup.proof.at))} ago: {_why(backup.proof)}",
        )
        for backup in backups
        if backup.proof and not backup.proof.ok
    )
    tried = sum(backup.proof is not None for backup in backups)
    return Judgement(
        tried, defects, detail="" if tried else "No backup was tried yet.", remedy="litxdb verify --latest"
    )


def _why(proof: Proof) -> str:
    if proof.error:
        return proof.error
    first = proof.differences[0]
    rest = f" and {many(len(proof.differences) - 1, 'other difference')}" if proof.differences[1:] else ""
    return f"{first.kind} {first.object}: {first.found} instead of {first.expected}{rest}"
