"""Tables that are mostly empty

Room that deleted and updated rows left in a table is read by every scan, cached and backed up as if it were data.
VACUUM makes it usable for new rows and seldom gives it back; a table that will fill it again needs nothing but that.
Only VACUUM FULL, which shuts everybody out while it copies the table, and pg_repack, which does not, make the file
smaller. What is wasted is estimated from the planner's statistics; `--deep` measures the worst with pgstattuple.
https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.check import Context, Declaration, Server
from litxdb.doctor.results import Fix, Judgement
from litxdb.doctor.wasted import Limits, judge_waste

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

BYTES, PERCENT = 100 << 20, 30.0

CHECK = Declaration(
    threshold="100 MB and 30 % wasted warn (check_pgactivity's estimate); never crit",
    remedy="vacuum (full, analyze)",
    fix=Fix.MANUAL,
    lock="ACCESS EXCLUSIVE while the table is copied",
    needs=("primary",),
)


def judge(*, connection: Connection, context: Context, server: Server) -> Judgement:
    limits = Limits(BYTES, PERCENT)
    return judge_waste(
        connection, context, server, "table", limits, lambda table: f"vacuum (full, analyze) {table.name}"
    )
