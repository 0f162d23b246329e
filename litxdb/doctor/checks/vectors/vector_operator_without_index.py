"""Searches that the index on their column cannot serve

An index serves one operator: one for cosine distance (<=>) is of no use to a statement that orders by <->, and a
statement that orders by an expression of the distance (1 - (a <=> b) desc) is served by none. Such a search reads the
whole table, and nothing says so. Order by the distance itself, with the operator of the index, or build an index of the
operator's class. Statements are known by their text in pg_stat_statements.
https://github.com/pgvector/pgvector#why-isnt-a-query-using-an-index
"""

from __future__ import annotations

from collections import defaultdict

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.checks.vectors._searches import Observed, observed
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CLASSES = {"<->": "l2", "<#>": "ip", "<=>": "cosine", "<+>": "l1", "<~>": "hamming", "<%>": "jaccard"}

CHECK = Declaration(
    threshold="one statement warn (pgvector's documentation)",
    remedy="create index concurrently on TABLE using hnsw (COLUMN vector_l2_ops)",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE",
    needs=("extension vector", "pg_read_all_stats"),
)


def judge(*, vector_statements: Rows, vector_indexes: Rows) -> Judgement:
    served = defaultdict(set)
    for row in vector_indexes:
        if row.valid:
            served[row.table_oid, row.number].add(row.operator)
    seen = list(observed(vector_statements, vector_indexes))
    wrong: dict[tuple[str, str, str, bool], list[Observed]] = defaultdict(list)
    for each in seen:
        missing = each.search.operator not in served[each.index.table_oid, each.index.number]
        if missing or not each.search.plainly:
            wrong[each.index.table, each.index.column, each.search.operator, missing].append(each)
    return Judgement(len(seen), tuple(_defect(*key, found) for key, found in sorted(wrong.items())))


def _defect(table: str, column: str, operator: str, missing: bool, found: list[Observed]) -> Defect:
    index, calls = found[0].index, sum(each.calls for each in found)
    what = f"no index for {operator}, {index.index} is for {index.operator}"
    key = f"{column} {index.schema}.{index.column_type}_{CLASSES[operator]}_ops"
    remedy = f"create index concurrently on {table} using hnsw ({key})"
    if not missing:
        what = f"does not order by the distance {operator} itself"
        remedy = f"-- in the application: order by {column} {operator} $1 limit $2"
    measured = f"{many(calls, 'call')}, {what}: {_short(found[0].query)}"
    return Defect(Status.WARN, f"{table}.{column} {operator}", measured, remedy, None if missing else Fix.MANUAL)


def _short(query: str) -> str:
    text = " ".join(query.split())
    return text if len(text) <= 120 else f"{text[:119]}…"
