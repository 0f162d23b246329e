"""Transaction ids are running out

Three million transactions before the ids wrap around the server refuses every write until old rows are frozen, which
takes hours on large tables. Autovacuum begins at autovacuum_freeze_max_age (200 million) and normally nobody notices;
an age far above it means that autovacuum cannot keep up, is killed, or that something holds old rows: look at
xmin_horizon_held first, as VACUUM cannot freeze what that still needs.
https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND
"""

from __future__ import annotations

from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.checks.tables._ageing import judge_age
from litxdb.doctor.configuration import by_name, number
from litxdb.doctor.results import Fix, Judgement

WARN_AGE, CRIT_AGE = 500_000_000, 1_200_000_000

CHECK = Declaration(
    threshold="500 million warn; 1.2 billion or vacuum_failsafe_age crit (check_postgres 1.3 and 1.4 billion)",
    remedy="vacuum (freeze)",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE",
    needs=("primary",),
)


def judge(*, databases: Rows, tables: Rows, settings: Rows) -> Judgement:
    failsafe = number(by_name(settings)["vacuum_failsafe_age"])
    return judge_age(databases, tables, lambda row: row.xid_age, "transaction", WARN_AGE, min(CRIT_AGE, failsafe))
