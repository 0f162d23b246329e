"""Indexes that are there twice

Every write pays for both, and both take room in the cache, while queries use one. Two indexes are the same when access
method, columns, order, operator classes, collations, predicate and included columns agree; storage parameters may
differ. The one that goes carries no constraint, is not the replica identity, and no foreign key needs it. LitXplore's
own ix_users_id, ix_tasks_id and ix_literature_reviews_id repeat a primary key, but its deployed schema has them: they
are not reported. https://www.postgresql.org/docs/current/indexes-intro.html
"""

from __future__ import annotations

from litxdb.catalog import Likeness
from litxdb.doctor import spare_indexes
from litxdb.doctor.check import Declaration
from litxdb.doctor.results import Fix, Judgement, Status

CHECK = Declaration(
    threshold="one pair warn (PgHero, dasha)",
    remedy="litxdb index drop INDEX",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE on the table; a constraint's ACCESS EXCLUSIVE",
)


def judge(*, indexes: spare_indexes.Indexes) -> Judgement:
    return spare_indexes.judge(indexes, {Likeness.DUPLICATE}, Status.WARN, ann=False)
