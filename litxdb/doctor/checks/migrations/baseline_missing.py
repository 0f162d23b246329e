"""Rows that LitXplore expects in every database are not there

LitXplore reads its settings and the state of its fetchers from these rows, and does not create them itself. The default
user is not looked for: he is the operator's to keep or to delete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.check import Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.seed.baseline import FETCHERS, STATE

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

EXPECTED = (("system_state", "key", tuple(STATE)), ("fetcher_state", "fetcher", FETCHERS))

CHECK = Declaration(threshold="one missing warn", remedy="litxdb seed", fix=Fix.SAFE, lock="none")


def judge(*, connection: Connection) -> Judgement:
    examined, defects = 0, []
    with connection.cursor() as cursor:
        for table, column, wanted in EXPECTED:
            cursor.execute("select to_regclass(%s) is not null", [table])
            if cursor.fetchone() != (True,):
                continue
            cursor.execute(f"select {column} from {table} where {column} = any(%s)", [list(wanted)])
            missing = sorted(set(wanted) - {row[0] for row in cursor.fetchall()})
            examined += len(wanted)
            defects += [Defect(Status.WARN, f"{table}.{name}", "no such row") for name in missing]
    if not examined:
        raise Skip(Reason.NOTHING_THERE, "LitXplore's tables are not here.", "litxdb migrate")
    return Judgement(examined, tuple(defects))
