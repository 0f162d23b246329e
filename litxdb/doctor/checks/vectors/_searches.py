"""Searches for nearest vectors, told by the text of statements as pg_stat_statements keeps it.

A text says less than a plan, but it can be had of every statement, without running it and without any lock.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from litxdb.doctor.check import Rows

OPERATOR = r"(?P<operator><->|<#>|<=>|<\+>|<~>|<%>)"
ENDS = re.compile(r"\b(?:limit|fetch)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Search:
    """A search: `plainly` means that it orders by the distance itself, upwards, which is what an index can do.

    `filtered` means that it has other conditions: they are applied to what the index found.
    """

    operator: str
    plainly: bool
    filtered: bool


def search(query: str, table: str, column: str) -> Search | None:
    """Return the search that a statement makes in a column: it orders by a distance, and wants the first so many.

    >>> search("SELECT id FROM sources s ORDER BY s.embedding <=> $1 LIMIT $2", "sources", "embedding")
    Search(operator='<=>', plainly=True, filtered=False)
    >>> search("select 1 - (e <=> $1) as s from t where kind = $2 order by s desc limit 5", "t", "e")
    Search(operator='<=>', plainly=False, filtered=True)
    >>> search("select e <-> $1 d, id from t where e is not null and e <-> $1 < $2 order by d limit $3", "t", "e")
    Search(operator='<->', plainly=True, filtered=False)
    >>> search('select * from "T" order by ("E"::halfvec(3)) <#> $1 fetch first $2 rows only', "T", "E")
    Search(operator='<#>', plainly=True, filtered=False)
    >>> search("with q as (select 1 where x) select a from s.t where e is not null order by e <=> $1 limit 5", "t", "e")
    Search(operator='<=>', plainly=True, filtered=False)
    >>> search("select e <=> $1 from t order by created_at limit 5", "t", "e")
    >>> search("select id from other order by e <=> $1 limit 5", "t", "e")
    """
    source = re.compile(rf'(?:\bfrom|\bjoin|,)\s+(?:only\s+)?(?:[\w"]+\.)?"?{re.escape(table)}(?!\w)', re.IGNORECASE)
    if not source.search(query):
        return None
    distance = re.compile(
        rf'(?<![\w"])(?:[\w"]+\.)*"?{re.escape(column)}"?\s*\)?\s*(?:::\s*[\w".]+\s*(?:\(\s*\d+\s*\))?)?\s*\)?\s*'
        rf'(?:operator\s*\(\s*(?:[\w"]+\.)?)?{OPERATOR}',
        re.IGNORECASE,
    )
    pieces = re.split(r"\border\s+by\b", query, flags=re.IGNORECASE)
    for before, after in pairwise(pieces):
        end = ENDS.search(after)
        found = _ordered_by(distance, before, after[: end.start()]) if end else None
        if found:
            *_, last = [0, *(match.end() for match in source.finditer(before))]
            return Search(*found, filtered=_is_filtered(distance, before[last:], column))
    return None


def _ordered_by(distance: re.Pattern[str], before: str, order: str) -> tuple[str, bool] | None:
    """Return the operator by which a statement orders, and whether it does so plainly."""
    upwards = not re.match(r"[^,]*\bdesc\b", order, re.IGNORECASE)
    found = distance.search(order)
    if found:
        return found["operator"], upwards and not order[: found.start()].strip(" (\n\t")
    named = re.match(r'\s*"?(\w+)"?\s*(?:,|asc|desc|nulls|$)', order, re.IGNORECASE)
    if named:
        name = re.escape(named[1])
        called = re.search(
            rf'{distance.pattern}[^,]*?[\s)](?:as\s+)?"?{name}"?\s*(?:,|\bfrom\b)', before, re.IGNORECASE
        )
        if called:
            alone = re.search(r"(?:,|\bselect)\s*\(*\s*$", before[: called.start()], re.IGNORECASE)
            return called["operator"], bool(upwards and alone)
    return None


def _is_filtered(distance: re.Pattern[str], before: str, column: str) -> bool:
    """Tell whether there are conditions beside one on the distance, which loses nothing that is near enough."""
    _, where, conditions = before.lower().rpartition("where")
    there = rf'(?:[\w"]+\.)*"?{re.escape(column.lower())}"?\s+is\s+not\s+null'
    return bool(where) and any(
        not (distance.search(each) or re.fullmatch(there, each.strip(" ()\n\t")))
        for each in re.split(r"\band\b", conditions)
    )


@dataclass(frozen=True)
class Observed:
    """A kind of statement that searches, the index's row it is about, who runs it, how often, and rows a call."""

    index: Any
    search: Search
    role: int
    query: str
    calls: int
    rows_per_call: float


def observed(vector_statements: Rows, vector_indexes: Rows) -> Iterator[Observed]:
    """Find the statements that search a column with an index that queries use; each once with each such column.

    Of several indexes it is one for the statement's operator, if there is one.
    """
    columns: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in vector_indexes:
        if row.valid:
            columns[row.table_name, row.column_name].append(row)
    for statement in vector_statements:
        for (table, column), indexes in columns.items():
            found = search(statement.query, table, column)
            if found:
                index = next((each for each in indexes if each.operator == found.operator), indexes[0])
                average = statement.rows / max(1, statement.calls)
                yield Observed(index, found, statement.role, statement.query, statement.calls, average)


def settings_of(role: int, vector_settings: Rows) -> Mapping[str, str]:
    """Return pgvector's parameters as a session of the role begins with them."""
    mine = sorted((row for row in vector_settings if row.role in (0, role)), key=lambda row: row.rank)
    return {row.name: row.value for row in mine}


def sets(parameter: str, vector_statements: Rows) -> bool:
    """Tell whether somebody sets a parameter by a statement, as applications do around a search."""
    return any(re.search(rf"\bset\b.*{re.escape(parameter)}", row.query, re.IGNORECASE) for row in vector_statements)
