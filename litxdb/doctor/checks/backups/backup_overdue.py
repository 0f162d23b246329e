"""The newest backup that is proven is too old, or there is none

What was written since would be lost. Only a backup that was restored and compared counts: most of those that nobody
ever restored and that cannot be restored are found out on the day when they are needed. LitXplore's objective is to
lose less than a day (RPO 24 h).
"""

from __future__ import annotations

from litxdb.doctor.amounts import age, many
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.deployment import require_deployed
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.stored import NOT_CONFIGURED, Stored, seconds_since, stored
from litxdb.errors import LitxdbError

WARN, CRIT = 1.1, 2.0

CHECK = Declaration(
    threshold="newest verified older than 1.1 RPO (26.4 h) warn, 2 RPO (48 h) or none crit; no store configured warn",
    remedy="litxdb backup",
    fix=Fix.ASKS,
    lock="ACCESS SHARE",
)


def judge(*, context: Context) -> Judgement:
    from litxdb.backup.objectives import RPO_SECONDS

    if context.db.settings.backup_store is None:
        require_deployed(context)
        remedy = "LITXDB_BACKUP_STORE=/var/backups/litxplore  # in .env"
        return Judgement(1, (Defect(Status.WARN, "LITXDB_BACKUP_STORE", NOT_CONFIGURED, remedy, Fix.MANUAL),))
    name = context.db.direct_endpoint.dbname
    try:
        found = stored(context)
    except LitxdbError as error:
        return Judgement(1, (Defect(Status.CRIT, name, error.message),))
    verified = found.verified
    if verified is None:
        return Judgement(1, (Defect(Status.CRIT, name, _none(found), _remedy(found)),))
    seconds = seconds_since(verified.manifest.snapshot_at)
    if seconds <= WARN * RPO_SECONDS:
        return Judgement(len(found.backups), detail=f"{verified.name}, {age(seconds)} old.")
    level = Status.CRIT if seconds > CRIT * RPO_SECONDS else Status.WARN
    measured = f"the newest that is verified, {verified.name}, is {age(seconds)} old"
    return Judgement(len(found.backups), (Defect(level, name, measured, _remedy(found), value=seconds),))


def _none(found: Stored) -> str:
    if found.backups:
        return f"{many(len(found.backups), 'backup')}, but none that was verified"
    others = f"; the {found.others} in the store are other databases'" if found.others else ""
    return f"there is no backup{others}"


def _remedy(found: Stored) -> str:
    from litxdb.backup.objectives import RPO_SECONDS

    newest = found.backups[0] if found.backups else None
    if newest and newest.verified is None and seconds_since(newest.manifest.snapshot_at) < RPO_SECONDS:
        return f"litxdb verify {newest.name}"
    return "litxdb backup && litxdb verify --latest"
