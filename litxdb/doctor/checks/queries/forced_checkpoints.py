"""Checkpoints are forced because the WAL is full

A checkpoint that does not wait for its time writes all changed pages at once, and after each one the first change of
every page goes into the WAL whole, which fills it sooner. A larger max_wal_size costs nothing but disk, and time to
recover after a crash. CREATE DATABASE, base backups and CHECKPOINT force checkpoints too: where little WAL was written
from one to the next, it was not the WAL. https://www.postgresql.org/docs/current/wal-configuration.html
"""

from __future__ import annotations

from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.configuration import by_name, number
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

WARN_SHARE = 0.2
CHECKPOINTS = 10
FULL_SHARE = 0.25
"""Of max_wal_size; the server begins a checkpoint at about half of it."""

CHECK = Declaration(
    threshold="20 % of 10 checkpoints or more warn (dasha)",
    remedy="alter system set max_wal_size = '2GB';\nselect pg_reload_conf()",
    fix=Fix.ASKS,
    lock="none",
    needs=("self-managed", "primary"),
)


def judge(*, checkpoints: Rows, wal: Rows, settings: Rows) -> Judgement:
    (row,) = checkpoints
    count = row.timed + row.requested
    if count < CHECKPOINTS:
        raise Skip(Reason.COLD_STATISTICS, f"There were only {count} checkpoints; {CHECKPOINTS} are needed.")
    share = row.requested / count
    most = number(by_name(settings)["max_wal_size"])
    if share < WARN_SHARE or _written(wal, row.every_seconds) < FULL_SHARE * most:
        return Judgement(count)
    now = most >> 20
    remedy, undo = (
        f"alter system set max_wal_size = '{megabytes}MB';\nselect pg_reload_conf()" for megabytes in (now * 2, now)
    )
    measured = f"{row.requested:,} of {count:,} checkpoints, with {now:,} MB"
    return Judgement(count, (Defect(Status.WARN, "max_wal_size", measured, remedy, undo=undo, value=share),))


def _written(wal: Rows, seconds: float) -> float:
    """Return the bytes of WAL that are written in this time, on the average."""
    (row,) = wal
    return float(row.bytes / row.seconds * seconds)
