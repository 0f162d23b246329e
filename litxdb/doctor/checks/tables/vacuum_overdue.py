"""Tables that autovacuum should have vacuumed

Dead rows make every scan of a table slower, and their space is not used again before a VACUUM. A table counts as
overdue when it is past its own trigger (its storage parameters, else the server's settings; dead rows or inserted ones)
and no VACUUM is at work there. A few small ones are normal: autovacuum looks once a minute. Where VACUUM does not help,
something old still needs the rows: see xmin_horizon_held. Where it happens again, autovacuum is too slow: raise
autovacuum_vacuum_cost_limit or autovacuum_max_workers.
https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litxdb.doctor import autovacuum
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status

WARN_TABLES, CRIT_TABLES = 6, 30
DEAD_ROWS, DEAD_SHARE = 10_000, 0.2
LISTED = 100
"""More tables than that are not named one by one in a statement."""

CHECK = Declaration(
    threshold="6 tables past their trigger warn, 30 crit (dasha); one with 10,000 dead rows that are 20 % warn (pgbot)",
    remedy="vacuum (analyze)",
    fix=Fix.SAFE,
    lock="SHARE UPDATE EXCLUSIVE",
    needs=("primary",),
)


def judge(*, tables: Rows, settings: Rows, progress: Rows, server: Server) -> Judgement:
    parameters = autovacuum.parameters(settings)
    at_work = {row.oid for row in progress if row.ours}
    stored = [table for table in tables if table.kind != "p"]
    overdue = [table for table in stored if table.oid not in at_work and _overdue(table, parameters)]
    defects = [
        Defect(
            Status.WARN,
            table.table,
            f"{dead:,} dead rows, {_share(table, dead):.0%} of the table",
            f"vacuum (analyze) {table.table}",
            value=float(dead),
        )
        for table in overdue
        if (dead := table.dead_rows) >= DEAD_ROWS and _share(table, dead) >= DEAD_SHARE
    ]
    if len(overdue) >= WARN_TABLES:
        names = [table.table for table in sorted(overdue, key=lambda table: -table.dead_rows)]
        defects.append(
            Defect(
                Status.CRIT if len(overdue) >= CRIT_TABLES else Status.WARN,
                f"database {server.database}",
                f"{len(overdue):,} of {len(stored):,} tables are past their trigger: {', '.join(names[:3])}…",
                f"vacuum (analyze) {', '.join(names)}" if len(names) <= LISTED else "vacuum (analyze)",
                value=float(len(overdue)),
            )
        )
    return Judgement(len(stored), tuple(defects))


def _overdue(table: Any, parameters: Mapping[str, float]) -> bool:
    own = autovacuum.of_table(table, parameters)
    if table.dead_rows > own.dead or table.inserted_rows > own.inserted:
        return True
    return bool(table.toast_dead and table.toast_dead > autovacuum.of_toast(table, parameters).dead)


def _share(table: Any, dead: int) -> float:
    return float(dead / max(1, dead + table.live_rows))
