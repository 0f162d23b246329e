"""Tables whose statistics are out of date

The planner counts on how values were distributed at the last ANALYZE; once much of a table has changed, its plans may
be wrong. Autovacuum analyzes a table within minutes after it is past its trigger. A table that stays past it for hours
is one that autovacuum does not get to, or is kept away from.
https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-STATISTICS
"""

from __future__ import annotations

from litxdb.doctor import autovacuum
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.configuration import by_name
from litxdb.doctor.results import Defect, Fix, Judgement, Status

WARN_ROWS = 10_000
STALE_SECONDS = 3 * 3600

CHECK = Declaration(
    threshold="over 10,000 rows, past autovacuum's trigger 3 h after the last ANALYZE, or where it is off: warn",
    remedy="analyze",
    fix=Fix.SAFE,
    lock="SHARE UPDATE EXCLUSIVE",
    needs=("primary",),
)


def judge(*, tables: Rows, settings: Rows, progress: Rows, server: Server) -> Judgement:
    parameters, off = autovacuum.parameters(settings), by_name(settings)["autovacuum"].setting == "off"
    at_work = {row.oid for row in progress if row.ours}
    analyzed = [table for table in tables if table.kind != "p" and table.rows is not None]
    defects = []
    for table in analyzed:
        since = max(filter(None, (server.counted_since, table.analyzed)))
        abandoned = off or autovacuum.disabled(table.options)
        if (
            table.live_rows > WARN_ROWS
            and table.changed_rows > autovacuum.of_table(table, parameters).changed
            and (abandoned or (server.now - since).total_seconds() > STALE_SECONDS)
            and table.oid not in at_work
        ):
            when = f"the last ANALYZE at {table.analyzed:%Y-%m-%d %H:%M}" if table.analyzed else "statistics began"
            defects.append(
                Defect(
                    Status.WARN,
                    table.table,
                    f"{table.changed_rows:,} changes to {table.live_rows:,} rows since {when}",
                    f"analyze {table.table}",
                    value=float(table.changed_rows),
                )
            )
    return Judgement(len(analyzed), tuple(defects))
