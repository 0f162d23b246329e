"""Searches that look at fewer vectors than they are to return

An HNSW search looks at hnsw.ef_search candidates, 40 unless set, and returns no more than these: LIMIT 100 gets 40
rows, without a word, and where LIMIT is not much smaller the nearest are often not among them. IVFFlat looks into one
of its lists unless ivfflat.probes is set; the nearest vectors are often in the next. Larger values find more and take
longer. The first shows in pg_stat_statements, as searches that on average return what ef_search allows.
https://github.com/pgvector/pgvector#query-options
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.checks.vectors._searches import Observed, observed, sets, settings_of
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.quoting import quoted_if_needed

CALLS = 10
SHARE = 0.95
MARGIN = 2.5
"""ef_search over LIMIT, as pgvector's default has it for ten rows and four to spare."""
MOST = 1000

CHECK = Declaration(
    threshold="rows a search at ef_search (10 searches or more), or IVFFlat with one probe: warn (pgvector#480, #317)",
    remedy="alter database DATABASE set hnsw.ef_search = 100",
    fix=Fix.ASKS,
    lock="none",
    needs=("extension vector", "pg_read_all_stats"),
)


def judge(*, vector_indexes: Rows, vector_settings: Rows, vector_statements: Rows, server: Server) -> Judgement:
    database = quoted_if_needed(server.database)
    seen = [each for each in observed(vector_statements, vector_indexes) if each.search.plainly]
    defects = [*_probes(vector_indexes, vector_settings, vector_statements, database)]
    if not sets("hnsw.ef_search", vector_statements):
        defects += [
            defect for each in seen if each.index.method == "hnsw" for defect in _cut(each, vector_settings, database)
        ]
    return Judgement(len(seen) + sum(row.method == "ivfflat" for row in vector_indexes), tuple(defects))


def _probes(indexes: Rows, settings: Rows, statements: Rows, database: str) -> Iterator[Defect]:
    if settings_of(0, settings).get("ivfflat.probes", "1") != "1" or sets("ivfflat.probes", statements):
        return
    for row in indexes:
        if row.method == "ivfflat" and row.valid and row.lists > 1:
            probes = max(2, round(math.sqrt(row.lists)))
            remedy = f"alter database {database} set ivfflat.probes = {probes}"
            yield Defect(Status.WARN, row.index, f"1 of {row.lists} lists is searched", remedy, value=1)


def _cut(each: Observed, settings: Rows, database: str) -> Iterator[Defect]:
    given = settings_of(each.role, settings)
    allowed = int(given.get("hnsw.ef_search", "40"))
    once = given.get("hnsw.iterative_scan", "off") == "off"
    if once and each.calls >= CALLS and SHARE * allowed <= each.rows_per_call <= allowed:
        measured = f"{each.rows_per_call:.0f} rows in each of {many(each.calls, 'call')}, ef_search is {allowed}"
        remedy = f"alter database {database} set hnsw.ef_search = {min(MOST, round(allowed * MARGIN))}"
        yield Defect(Status.WARN, each.index.index, measured, remedy, value=each.rows_per_call)
