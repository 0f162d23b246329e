"""A disk that litxdb writes to is nearly full

A full disk stops the local server, breaks off backups and rehearsals, and loses the journal of what was changed. Looked
at are the disks of LITXDB_HOME, of LITXDB_STATE, and of the backup directory.
"""

from __future__ import annotations

import shlex
import shutil

from litxdb.doctor.amounts import size
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status

WARN_BYTES, CRIT_BYTES = 1 << 30, 200 << 20

CHECK = Declaration(
    threshold="less than 1 GB free warn, 200 MB crit (our own: what a local server with its log needs to go on)",
    remedy="du -xh / | sort -h | tail",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    settings = context.db.settings
    places = {path.stat().st_dev: path for path in (settings.state, settings.home) if path.is_dir()}
    defects = []
    for path in places.values():
        free = shutil.disk_usage(path).free
        if free < WARN_BYTES:
            level = Status.CRIT if free < CRIT_BYTES else Status.WARN
            remedy = f"du -xh {shlex.quote(str(path))} | sort -h | tail"
            defects.append(Defect(level, str(path), f"{size(free)} free", remedy, value=float(free)))
    return Judgement(len(places), tuple(defects))
