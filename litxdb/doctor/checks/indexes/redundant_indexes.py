"""Indexes that another one begins with

A btree on (a, b) answers whatever one on (a) does, so that writes pay for the second for nothing much: it is smaller,
and reads of it alone a little quicker. Being unique, a predicate, an operator class or a collation of its own makes an
index different. One that is the same read backwards (DESC) is probably superfluous, as a btree is read both ways.
Indexes that LitXplore's schema demands are not reported.
https://www.postgresql.org/docs/current/indexes-multicolumn.html
"""

from __future__ import annotations

from litxdb.catalog import Likeness
from litxdb.doctor import spare_indexes
from litxdb.doctor.check import Declaration
from litxdb.doctor.results import Fix, Judgement, Status

CHECK = Declaration(
    threshold="one info (dasha, pgbot)",
    remedy="litxdb index drop INDEX",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE on the table",
)


def judge(*, indexes: spare_indexes.Indexes) -> Judgement:
    return spare_indexes.judge(indexes, {Likeness.REDUNDANT, Likeness.REVERSED}, Status.INFO, ann=False)
