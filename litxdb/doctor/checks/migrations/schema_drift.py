"""The schema is not what the migrations make it

Somebody changed it by hand, or a migration did something else here than elsewhere: a query is slow on one database
only, a constraint does not hold, the next revision fails. The migrations are replayed in a scratch database, on a
server of litxdb's own, and both catalogs are compared; `litxdb drift` does the same and prints all that mends it as
one script.
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration, Tier
from litxdb.doctor.circumstances import circumstance
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.errors import Refused, ServerRefused

CHECK = Declaration(
    threshold="one difference warn",
    remedy="litxdb drift",
    fix=Fix.MANUAL,
    lock="that of each statement: litxdb drift",
    tier=Tier.FULL,
)


def judge(*, context: Context) -> Judgement:
    if context.failure:
        raise Skip(Reason.NO_CONNECTION, context.failure.message, "litxdb ping")
    from litxdb.migrate import Project, Replay, drift

    try:
        found = drift(context.db, history=Replay(Project.litxplore(context.directory)))
    except Refused as refused:
        raise Skip(Reason.NOT_APPLICABLE, refused.message, "litxdb status") from None
    except ServerRefused as error:
        raise circumstance(error, context.deadline) if context.deadline else error from None
    defects = tuple(
        Defect(
            Status.WARN,
            f"{row.kind} {row.object}",
            f"{row.found or 'missing'}, expected {row.expected or 'nothing'}",
            row.mend,
        )
        for row in found.rows
    )
    return Judgement(found.compared, defects)
