"""Statements that have become slower

A statement that takes twice as long as before has a new plan, more rows, or something in its way: whatever changed
since then is the first thing to look at, a release, a missing ANALYZE, a dropped index. Its mean time between the last
snapshots is held against the mean of the time before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from litxdb.doctor.check import Declaration, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.doctor.span import Span, latest
from litxdb.doctor.wording import shortened
from litxdb.queries import TAG
from litxdb.snapshots import History

WARN_FACTOR, LEAST_MS = 2.0, 10.0
CALLS = 20
"""Fewer say nothing of a mean."""
MOST = 10

CHECK = Declaration(
    threshold="twice the mean before and 10 ms (pgbot), with 20 calls before and after: warn",
    remedy="litxdb slow-queries",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, history: History, server: Server) -> Judgement:
    span = latest(history, server, length=timedelta(hours=1))
    ours = {queryid for queryid, text in history.texts.items() if TAG in text}
    known = (span.old.statements.keys() & span.new.statements.keys()) - ours
    if not known:
        raise Skip(Reason.NOTHING_THERE, "The last snapshots have no statement in common.", "litxdb snapshot")
    compared = list(_compared(span, known))
    defects = sorted(
        (
            Defect(
                Status.WARN,
                f"statement {queryid}",
                f"{now:,.1f} ms, {before:,.1f} before: {shortened(history.texts.get(queryid) or 'no text')}",
                f"litxdb slow-queries --sort mean --min-ms {LEAST_MS:g}",
                value=now / before,
            )
            for queryid, before, now in compared
            if now >= LEAST_MS and now >= WARN_FACTOR * before > 0
        ),
        key=lambda defect: -(defect.value or 0),
    )
    return Judgement(len(compared), tuple(defects[:MOST]), detail=f"No statement ran {CALLS} times in {span.lasted}.")


def _compared(span: Span, queryids: set[int]) -> Iterator[tuple[int, float, float]]:
    """Yield statements with their mean times before the span and in it."""
    for queryid in queryids:
        old, new = span.old.statements[queryid], span.new.statements[queryid]
        calls = new.calls - old.calls
        if old.calls >= CALLS and calls >= CALLS:
            yield queryid, old.total_ms / old.calls, (new.total_ms - old.total_ms) / calls
