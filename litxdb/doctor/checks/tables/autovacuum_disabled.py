"""Autovacuum is off

Without it dead rows pile up, statistics grow stale, and in the end the server stops taking writes, as transaction ids
run out. Turned off for one table it is mostly what a bulk load left behind. track_counts off has the same effect as
autovacuum off. https://www.postgresql.org/docs/current/runtime-config-autovacuum.html
"""

from __future__ import annotations

from typing import Any

from litxdb.doctor import autovacuum
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.quoting import quoted_if_needed

SWITCHES = ("autovacuum", "track_counts")

CHECK = Declaration(
    threshold="off for the server crit, for a table warn (dasha, pgbot)",
    remedy="alter system set autovacuum = on;\nselect pg_reload_conf()",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE",
    needs=("primary",),
)


def judge(*, tables: Rows, settings: Rows, server: Server) -> Judgement:
    defects = [
        Defect(Status.CRIT, row.name, f"off, by {row.source}", _remedy(row, server))
        for row in settings
        if row.name in SWITCHES and row.setting == "off"
    ]
    for table in tables:
        for options, prefix, of in ((table.options, "", ""), (table.toast_options, "toast.", " (TOAST)")):
            if autovacuum.disabled(options):
                parameter = f"{prefix}autovacuum_enabled"
                defects.append(
                    Defect(
                        Status.WARN,
                        f"{table.table}{of}",
                        "autovacuum_enabled is false",
                        f"alter table {table.table} reset ({parameter})",
                        undo=f"alter table {table.table} set ({parameter} = false)",
                    )
                )
    return Judgement(len(SWITCHES) + len(tables), tuple(defects))


def _remedy(setting: Any, server: Server) -> str:
    """Return what turns it on, where it was turned off."""
    role, database = quoted_if_needed(server.role), quoted_if_needed(server.database)
    match setting.source:
        case "database":
            return f"alter database {database} reset {setting.name}"
        case "user":
            return f"alter role {role} reset {setting.name}"
        case "database user":
            return f"alter role {role} in database {database} reset {setting.name}"
        case "command line":
            return f"alter system set {setting.name} = on;\n-- and start the server without it on its command line"
    return f"alter system set {setting.name} = on;\nselect pg_reload_conf()"
