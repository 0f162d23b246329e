"""Indexes that are mostly empty

Room that deleted and updated rows left in a btree is read, cached and backed up as if it were data. A rebuild gives it
back. What is wasted is estimated from the planner's statistics; `--deep` measures the worst with pgstattuple. GIN,
GiST, BRIN and vector indexes cannot be estimated so, and are not looked at.
https://www.postgresql.org/docs/current/routine-reindex.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.check import Context, Declaration, Server
from litxdb.doctor.results import Fix, Judgement
from litxdb.doctor.wasted import Limits, judge_waste

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

BYTES, PERCENT = 100 << 20, 50.0

CHECK = Declaration(
    threshold="100 MB and 50 % wasted warn (PgHero's 100 MB; check_pgactivity's estimate)",
    remedy="reindex index concurrently INDEX",
    fix=Fix.SAFE,
    lock="SHARE UPDATE EXCLUSIVE on the table",
)


def judge(*, connection: Connection, context: Context, server: Server) -> Judgement:
    limits = Limits(BYTES, PERCENT)
    return judge_waste(
        connection, context, server, "index", limits, lambda index: f"reindex index concurrently {index.name}"
    )
