"""Searches with conditions, which may return too few rows

Conditions are applied to the candidates that the index found: where one row in ten meets them, 40 candidates leave four
rows, although more would meet them further away. With hnsw.iterative_scan (ivfflat.iterative_scan) the search goes on
until there are enough. relaxed_order may return rows a little out of order. Statements are known by their text in
pg_stat_statements. https://github.com/pgvector/pgvector#iterative-index-scans
"""

from __future__ import annotations

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.checks.vectors._searches import observed, sets, settings_of
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.quoting import quoted_if_needed

CHECK = Declaration(
    threshold="one statement without iterative_scan warn (pgvector#480, #259, discourse-ai#1133)",
    remedy="alter database DATABASE set hnsw.iterative_scan = 'relaxed_order'",
    fix=Fix.ASKS,
    lock="none",
    needs=("extension vector", "pg_read_all_stats"),
)


def judge(*, vector_indexes: Rows, vector_settings: Rows, vector_statements: Rows, server: Server) -> Judgement:
    if not any(row.name == "hnsw.iterative_scan" for row in vector_settings):
        raise Skip(
            Reason.NOT_APPLICABLE, "This pgvector has no iterative scans; 0.8.0 has.", "alter extension vector update"
        )
    seen = list(observed(vector_statements, vector_indexes))
    calls: dict[tuple[str, str], int] = {}
    for each in seen:
        parameter = f"{each.index.method}.iterative_scan"
        off = settings_of(each.role, vector_settings).get(parameter, "off") == "off"
        if each.search.filtered and each.search.plainly and off and not sets(parameter, vector_statements):
            calls[each.index.index, parameter] = calls.get((each.index.index, parameter), 0) + each.calls
    defects = tuple(
        Defect(
            Status.WARN,
            index,
            f"{many(number, 'call')} with conditions, {parameter} is off",
            f"alter database {quoted_if_needed(server.database)} set {parameter} = 'relaxed_order'",
            value=number,
        )
        for (index, parameter), number in sorted(calls.items())
    )
    return Judgement(len(seen), defects)
