"""Settings are as for a small machine with a spinning disk

PostgreSQL's defaults suit the smallest machine that it runs on. random_page_cost = 4 keeps the planner away from
indexes on any solid disk, shared_buffers = 128 MB is little for a server of its own (a quarter of the memory is usual),
and without track_io_timing and log_lock_waits nobody can tell afterwards what a slow query waited for.
https://www.postgresql.org/docs/current/runtime-config-resource.html
"""

from __future__ import annotations

from litxdb.doctor.amounts import size
from litxdb.doctor.check import Context, Declaration, Rows, Server
from litxdb.doctor.configuration import by_name, number
from litxdb.doctor.deployment import require_deployed
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.quoting import quoted_if_needed

RELOADED = "select pg_reload_conf()"
SERVER = {"track_io_timing": "on", "log_lock_waits": "on", "shared_buffers": "'1GB'"}
"""What only the server's superuser can set, and a better value; Neon sets its own."""

CHECK = Declaration(
    threshold="one at its default info (pgbot, PostgreSQL's documentation)",
    remedy="alter system set random_page_cost = 1.1",
    fix=Fix.ASKS,
    lock="none",
)


def judge(*, settings: Rows, server: Server, context: Context) -> Judgement:
    require_deployed(context)
    known, database = by_name(settings), f"alter database {quoted_if_needed(server.database)}"
    better = {"random_page_cost": (f"{database} set random_page_cost = 1.1", f"{database} reset random_page_cost")}
    for name, value in () if server.neon else SERVER.items():
        then = "-- and restart the server" if known[name].context == "postmaster" else RELOADED
        better[name] = (f"alter system set {name} = {value};\n{then}", f"alter system reset {name};\n{then}")
    defects = tuple(
        Defect(
            Status.INFO,
            name,
            size(number(known[name])) if known[name].unit else known[name].reset_val,
            remedy,
            Fix.MANUAL if known[name].context == "postmaster" else None,
            undo=undo,
        )
        for name, (remedy, undo) in better.items()
        if known[name].reset_val == known[name].boot_val
    )
    return Judgement(len(better), defects)
