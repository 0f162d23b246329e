"""Statements that are slow on the average

A statement that takes half a second each time is one that people wait for; one that runs all day takes its time from
all others. `litxdb slow-queries --explain N` shows the plan: look for scans of whole tables, for many rows removed by a
filter, for sorts on disk. https://www.postgresql.org/docs/current/using-explain.html
"""

from __future__ import annotations

from typing import Any

from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Status
from litxdb.doctor.wording import shortened
from litxdb.quoting import quoted_if_needed

WARN_MS, INFO_MS, SHARE_MS = 500, 100, 20
WARN_CALLS, CALLS = 20, 100
INFO_PERCENT = 33
MOST = 20

CHECK = Declaration(
    threshold="mean 500 ms warn, 100 ms in 100 calls info (LitXplore); 20 ms and 33 % of all time info (PgHero)",
    remedy="litxdb slow-queries",
    fix=Fix.MANUAL,
    lock="none",
    needs=("extension pg_stat_statements",),
)


def judge(*, coverage: Rows, statements: Rows, server: Server) -> Judgement:
    (seen,) = coverage
    slow = [(level, row) for row in statements if (level := _level(row))]
    worst = sorted(slow, key=lambda pair: pair[0] is not Status.WARN)[:MOST]  # in the order of their total time
    defects = tuple(
        Defect(
            level,
            f"statement {row.queryid} of {row.role}",
            f"{row.mean_ms:,.0f} ms, {row.calls:,} calls, {row.share_percent:.0f} % of all: {shortened(row.query)}",
            "litxdb slow-queries" if row.mean_ms >= INFO_MS else f"litxdb slow-queries --min-ms {SHARE_MS}",
            value=row.mean_ms,
        )
        for level, row in worst
    )
    if not seen.hidden:
        return Judgement(seen.visible, defects, detail="pg_stat_statements has no statement of this database.")
    detail = f"{seen.hidden:,} statements of other roles are hidden from {server.role}."
    grant = f"grant pg_monitor to {quoted_if_needed(server.role)}"
    return Judgement(seen.visible, defects, seen.hidden, Reason.NO_PRIVILEGE, detail, grant)


def _level(row: Any) -> Status | None:
    if row.mean_ms >= WARN_MS and row.calls >= WARN_CALLS:
        return Status.WARN
    often = row.calls >= CALLS
    if often and (row.mean_ms >= INFO_MS or (row.mean_ms >= SHARE_MS and row.share_percent >= INFO_PERCENT)):
        return Status.INFO
    return None
