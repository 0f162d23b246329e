"""Settings wait for a restart

The configuration says one thing and the server does another, until the next restart, planned or not, brings the change
when nobody is looking. Restart in a quiet hour, or take the change back.
https://www.postgresql.org/docs/current/view-pg-settings.html
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration, Rows, Server
from litxdb.doctor.configuration import by_name
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Status
from litxdb.quoting import quoted_if_needed

HIDDEN = "shared_preload_libraries"
"""The most likely one, and hidden from ordinary roles."""

CHECK = Declaration(
    threshold="one warn",
    remedy="-- restart the server",
    fix=Fix.MANUAL,
    lock="none, but every session ends",
)


def judge(*, settings: Rows, server: Server, context: Context) -> Judgement:
    remedy = "litxdb local stop && litxdb local start" if context.db.endpoint.embedded else CHECK.remedy
    defects = tuple(
        Defect(Status.WARN, row.name, f"{row.setting} until the restart", remedy)
        for row in settings
        # what the server was started with goes before its configuration after a restart too
        if row.pending_restart and row.source != "command line"
    )
    if HIDDEN in by_name(settings):
        return Judgement(len(settings), defects)
    return Judgement(
        len(settings),
        defects,
        unseen=1,
        reason=Reason.NO_PRIVILEGE,
        detail=f"Role {server.role} does not see {HIDDEN}.",
        remedy=f"grant pg_read_all_settings to {quoted_if_needed(server.role)}",
    )
