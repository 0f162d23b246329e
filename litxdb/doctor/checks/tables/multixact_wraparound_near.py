"""Multixact ids are running out

A multixact is what a row carries that several transactions have locked at once, as foreign keys do; its ids run out
like those of transactions, and then the server refuses whatever would need a new one. Autovacuum begins at
autovacuum_multixact_freeze_max_age (400 million).
https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-MULTIXACT-WRAPAROUND
"""

from __future__ import annotations

from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.checks.tables._ageing import judge_age
from litxdb.doctor.configuration import by_name, number
from litxdb.doctor.results import Fix, Judgement

WARN_AGE, CRIT_AGE = 800_000_000, 1_400_000_000

CHECK = Declaration(
    threshold="800 million warn; 1.4 billion or vacuum_multixact_failsafe_age (1.6 billion) crit",
    remedy="vacuum (freeze)",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE",
    needs=("primary",),
)


def judge(*, databases: Rows, tables: Rows, settings: Rows) -> Judgement:
    failsafe = number(by_name(settings)["vacuum_multixact_failsafe_age"])
    return judge_age(databases, tables, lambda row: row.mxid_age, "multixact", WARN_AGE, min(CRIT_AGE, failsafe))
