"""A crash may destroy the database

With fsync or full_page_writes off, a power cut or a crash of the machine can leave pages that no recovery mends: the
backup is then all there is. That is right for data which nobody will miss, and nowhere else. At Neon both are off and
safe, because its storage, not the compute's disk, keeps the data. zero_damaged_pages and ignore_checksum_failure hide
damage that is there already. https://www.postgresql.org/docs/current/runtime-config-wal.html
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration, Rows
from litxdb.doctor.configuration import by_name
from litxdb.doctor.deployment import is_deployed
from litxdb.doctor.results import Defect, Fix, Judgement, Status

SAFE = {"fsync": "on", "full_page_writes": "on", "zero_damaged_pages": "off", "ignore_checksum_failure": "off"}

CHECK = Declaration(
    threshold="one of them crit (pgbot); info on a server of this machine's own, not in production",
    remedy="alter system set fsync = on;\nselect pg_reload_conf()",
    fix=Fix.ASKS,
    lock="none",
    needs=("self-managed",),
)


def judge(*, settings: Rows, context: Context) -> Judgement:
    known, level = by_name(settings), Status.CRIT if is_deployed(context) else Status.INFO
    return Judgement(
        len(SAFE),
        tuple(
            Defect(
                level,
                name,
                known[name].reset_val,
                f"alter system set {name} = {value};\nselect pg_reload_conf()",
                undo=f"alter system set {name} = {known[name].reset_val};\nselect pg_reload_conf()",
            )
            for name, value in SAFE.items()
            if known[name].reset_val != value
        ),
    )
