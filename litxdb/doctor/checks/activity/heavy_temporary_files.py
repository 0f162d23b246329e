"""Queries spill to temporary files

A sort or hash that does not fit into work_mem goes through files, which is many times slower and takes the disk from
everybody else. More work_mem helps where there is memory: each sort or hash of each session may take so much. Where one
query is the reason, give it to its role alone, or an index that sorts for it.
https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-WORK-MEM
"""

from __future__ import annotations

from datetime import timedelta

from litxdb.doctor.amounts import size
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.span import latest
from litxdb.quoting import quoted_if_needed
from litxdb.snapshots import History

WARN_BYTES_A_SECOND = 1 << 20
MOST_KILOBYTES = 64 << 10
"""Of work_mem; beyond that look for the query rather than for memory."""

CHECK = Declaration(
    threshold="1 MiB a second between the last snapshots warn (pgbot)",
    remedy="litxdb slow-queries",
    fix=Fix.ASKS,
    lock="none",
)


def judge(*, history: History, settings: Rows, server: Server) -> Judgement:
    span = latest(history, server, length=timedelta(hours=1))
    written = span.after.temp_bytes - span.before.temp_bytes
    if written < WARN_BYTES_A_SECOND * span.seconds:
        return Judgement(1)
    files = span.after.temp_files - span.before.temp_files
    measured = f"{size(written)} in {files:,} files in {span.lasted}"
    kilobytes = next(int(row.setting) for row in settings if row.name == "work_mem")
    rate = written / span.seconds
    name = f"database {server.database}"
    if kilobytes > MOST_KILOBYTES // 2:
        return Judgement(1, (Defect(Status.WARN, name, measured, fix=Fix.MANUAL, value=rate),))
    change = f"alter database {quoted_if_needed(server.database)}"
    remedy, undo = f"{change} set work_mem = '{kilobytes * 2}kB'", f"{change} reset work_mem"
    return Judgement(1, (Defect(Status.WARN, name, measured, remedy, undo=undo, value=rate),))
