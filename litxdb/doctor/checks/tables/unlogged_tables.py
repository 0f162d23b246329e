"""Tables lose all their rows when the server crashes

An UNLOGGED table is emptied after every crash, is not on standbys, and at Neon is empty again each time that the
compute wakes up, which may be every few minutes. For what can be computed anew that is a fair price for quick writing;
for anything else it is data loss to come. https://neon.com/docs/reference/compatibility#unlogged-tables
"""

from __future__ import annotations

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CHECK = Declaration(
    threshold="one warn, at Neon crit (its documentation)",
    remedy="alter table … set logged",
    fix=Fix.ASKS,
    lock="ACCESS EXCLUSIVE while the table is written anew",
)


def judge(*, tables: Rows, server: Server) -> Judgement:
    kept = [row for row in tables if row.kind == "r"]
    defects = tuple(
        Defect(
            Status.CRIT if server.neon else Status.WARN,
            row.table,
            "UNLOGGED" if row.rows is None else f"UNLOGGED, {many(row.rows, 'row')}",
            f"alter table {row.table} set logged",
            undo=f"alter table {row.table} set unlogged",
        )
        for row in kept
        if row.persistence == "u"
    )
    return Judgement(len(kept), defects)
