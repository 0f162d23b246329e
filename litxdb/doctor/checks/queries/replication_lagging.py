"""A replica is behind

What was committed on the primary is not yet to be seen on the replica, and if the primary is lost, nor ever will be.
Replay waits for queries on the replica (max_standby_streaming_delay), for the network, or for a disk that is too slow;
or somebody has paused it. Asked on a standby, it judges that standby.
https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from litxdb.doctor.amounts import age, size
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status

WARN_SECONDS, CRIT_SECONDS = 30, 300

CHECK = Declaration(
    threshold="30 s warn, 5 min crit; a standby without a connection to its primary, or paused, warn",
    remedy="litxdb report replication",
    fix=Fix.MANUAL,
    lock="none",
    needs=("pg_read_all_stats", "self-managed"),
    triage=True,
)


def judge(*, replication: Rows, recovery: Rows) -> Judgement:
    replicas = [row for row in replication if row.kind == "replica"]
    defects = [
        Defect(
            found,
            f"replica {row.name}",
            f"{age(row.lag_seconds)} behind ({size(row.lag_bytes or 0)}), {row.state}",
            value=row.lag_seconds,
        )
        for row in replicas
        if (found := level(row.lag_seconds))
    ]
    defects += [defect for row in recovery for defect in _standby(row)]
    return Judgement(len(replicas) + len(recovery), tuple(defects), detail="Nothing replicates from or to this server.")


def _standby(row: Any) -> Iterator[Defect]:
    if row.paused:
        resume, pause = (f"select pg_wal_replay_{what}()" for what in ("resume", "pause"))
        yield Defect(Status.WARN, "this standby", "replay was paused", resume, Fix.ASKS, undo=pause)
    elif not row.streaming:
        yield Defect(Status.WARN, "this standby", "not connected to its primary", "show primary_conninfo")
    if row.received and (found := level(row.replayed_seconds)):
        measured = f"{age(row.replayed_seconds)} behind, {size(row.received)} received and not replayed"
        yield Defect(found, "this standby", measured, "litxdb locks", value=row.replayed_seconds)


def level(seconds: float | None) -> Status | None:
    """Say how bad it is to be so far behind; None where it is not."""
    late = seconds or 0
    return Status.CRIT if late >= CRIT_SECONDS else Status.WARN if late >= WARN_SECONDS else None
