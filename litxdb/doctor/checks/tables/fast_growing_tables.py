"""Tables that grow quickly

Growth that nobody planned fills the disk, outgrows the cache, and makes backups and index builds take longer than their
time. Mostly it is a table that nobody deletes from, or bloat.
"""

from __future__ import annotations

from datetime import timedelta

from litxdb.doctor.amounts import size
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.span import latest
from litxdb.snapshots import History

INFO_SHARE = 0.2
WEEK_SECONDS = 7 * 86400
LEAST_SECONDS = 24 * 3600
LEAST_BYTES = 100 << 20
"""Smaller tables double without anybody noticing."""

CHECK = Declaration(
    threshold="20 % a week, of 100 MB or more with indexes: info",
    remedy="litxdb report growth",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, history: History, tables: Rows, server: Server) -> Judgement:
    span = latest(history, server, length=timedelta(seconds=WEEK_SECONDS), least_seconds=LEAST_SECONDS)
    seconds = (span.new.taken_at - span.old.taken_at).total_seconds()
    known = [table for table in tables if table.oid in span.old.tables and table.oid in span.new.tables]
    defects = []
    for table in known:
        before, now = span.old.tables[table.oid].total_bytes, span.new.tables[table.oid].total_bytes
        share = (now / max(1, before) - 1) * min(1, WEEK_SECONDS / seconds)
        if now >= LEAST_BYTES and share >= INFO_SHARE:
            measured = f"{size(now)}, {size(now - before)} more than on {span.old.taken_at:%Y-%m-%d}"
            defects.append(Defect(Status.INFO, table.table, measured, value=share))
    return Judgement(len(known), tuple(defects))
