"""Checks that should have run did not come to an end

What they look for may be there all the same: this verdict is not the whole one. Checks run out of time on a server that
is slow or far away; then give them more with `--deadline`. Where the connection was lost half-way, the server, a pooler
or something in between ended it: look at the server's log. A check that failed is a bug in litxdb; please report it
with what `litxdb doctor --format json` says. `litxdb doctor -v` lists them all.
"""

from __future__ import annotations

from collections.abc import Sequence

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Result, Status

CHECK = Declaration(
    threshold="one out of time or failed warn; all, or a connection lost half-way, crit",
    remedy="litxdb doctor -v",
    fix=Fix.MANUAL,
    lock="none",
    triage=True,
)


def judge(*, results: Sequence[Result], context: Context) -> Judgement:
    late = [result for result in results if result.reason is Reason.OUT_OF_TIME]
    failed = [result for result in results if result.status is Status.ERROR]
    # without any connection server_unreachable is the finding, and one is enough
    lost = [result for result in results if result.reason is Reason.NO_CONNECTION and context.failure is None]
    blind = not any(result.examined for result in results)
    defects = [
        Defect(level, what, f"{len(which)} of {len(results)} checks: {_names(which)}", remedy, value=float(len(which)))
        for level, what, which, remedy in (
            (Status.CRIT, "connection lost", lost, "litxdb ping"),
            (Status.CRIT if blind else Status.WARN, "out of time", late, late[0].remedy if late else ""),
            (Status.WARN, "failed", failed, ""),
        )
        if which
    ]
    return Judgement(len(results), tuple(defects))


def _names(results: Sequence[Result]) -> str:
    shown = ", ".join(result.check for result in results[:3])
    return shown if len(results) <= 3 else f"{shown} and {len(results) - 3} more"
