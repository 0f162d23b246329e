"""Replication slots that nobody reads keep WAL until the disk is full

A slot keeps all WAL since its reader was there last, without any limit unless max_slot_wal_keep_size sets one; the slot
of a replica that was taken away keeps it for ever. One whose WAL is gone is of no use: its reader must start anew from
a copy. https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION-SLOTS
"""

from __future__ import annotations

from typing import Any

from litxdb.doctor.amounts import age, size
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status

WARN_BYTES, CRIT_BYTES = 1 << 30, 5 << 30

CHECK = Declaration(
    threshold="inactive with 1 GiB warn, 5 GiB crit (pgdoctor); unreserved or lost crit (check_pgactivity)",
    remedy="select pg_drop_replication_slot('SLOT')",
    fix=Fix.MANUAL,
    lock="none",
    needs=("self-managed",),
    triage=True,
)


def judge(*, replication_slots: Rows) -> Judgement:
    lasting = [row for row in replication_slots if not row.temporary]
    defects = (
        Defect(
            found,
            f"slot {row.slot}",
            _measured(row),
            f"select pg_drop_replication_slot('{row.slot}')" if not row.active else "litxdb report replication",
            value=row.retained,
        )
        for row in lasting
        if (found := level(row.wal_status, row.invalidation_reason, row.retained, active=row.active))
    )
    return Judgement(len(lasting), tuple(defects), detail="There is no replication slot.")


def level(wal_status: str | None, invalid: str | None, retained: int | None, *, active: bool) -> Status | None:
    """Say how bad it is that a slot keeps so many bytes of WAL, or has lost them; None where it is not."""
    if wal_status in ("unreserved", "lost") or invalid:
        return Status.CRIT
    kept = retained or 0
    if active or kept < WARN_BYTES:
        return None
    return Status.CRIT if kept >= CRIT_BYTES else Status.WARN


def _measured(row: Any) -> str:
    state = "active" if row.active else "inactive"
    if row.inactive_seconds is not None and not row.active:
        state = f"inactive for {age(row.inactive_seconds)}"
    kept = f"keeps {size(row.retained)} of WAL" if row.retained is not None else "keeps no WAL"
    status = f", {row.wal_status}" if row.wal_status not in (None, "reserved") else ""
    return f"{row.kind}, {state}, {kept}{status}{f' ({row.invalidation_reason})' if row.invalidation_reason else ''}"
