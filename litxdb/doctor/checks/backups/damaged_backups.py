"""Files in the backup store are not what they should be

A manifest was changed, or an archive is missing or has another size: that backup cannot be restored. A disk that loses
one file may lose others; a person or another program may have been at work. What is inside an archive only `litxdb
verify` can tell.
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.stored import require_store

CHECK = Declaration(threshold="one warn", remedy="litxdb verify --latest", fix=Fix.MANUAL, lock="none")


def judge(*, context: Context) -> Judgement:
    found = require_store(context)
    defects = tuple(Defect(Status.WARN, each.file, each.reason) for each in found.damaged)
    return Judgement(len(found.backups) + found.others + len(found.damaged), defects)
