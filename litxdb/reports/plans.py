"""The plan of a statement that pg_stat_statements has, whose text has parameters where the values were."""

from __future__ import annotations

import re
from dataclasses import dataclass

from litxdb import queries
from litxdb.database import Database
from litxdb.errors import Refused
from litxdb.reading import Reader, apart, reading
from litxdb.reports.statements import Sort, read_statements

PLANNABLE = re.compile(
    r"^\s*(?:/\*.*?\*/\s*)*(?:select|insert|update|delete|merge|with|values)\b", re.IGNORECASE | re.DOTALL
)
PARAMETER = re.compile(r"\$\d")
GENERIC_PLAN = 160000
"""The first server that plans a statement without its values: https://www.postgresql.org/docs/current/sql-explain.html."""


@dataclass(frozen=True)
class Plan:
    """A statement's plan, line by line; where there is none, `reason` says why."""

    queryid: str
    query: str
    rows: tuple[str, ...]
    reason: str | None = None


def explain(db: Database, queryid: str) -> Plan:
    """Plan a statement anew, by the names that this role's search_path finds; nothing is executed.

    Raises Refused when pg_stat_statements does not have it any more.
    """
    with reading(db) as reader:
        found = read_statements(reader, Sort.TOTAL, queryid=int(queryid), most=1).rows
        if not found:
            raise Refused(f"pg_stat_statements has no statement {queryid}.", "litxdb slow-queries lists what it has.")
        return _plan(reader, queryid, str(found[0]["query"]))


def _plan(reader: Reader, queryid: str, query: str) -> Plan:
    import psycopg2

    connection = reader.connection
    generic = PARAMETER.search(query) is not None
    if not PLANNABLE.match(query):
        return Plan(queryid, query, (), "Only SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES have plans.")
    if generic and connection.info.server_version < GENERIC_PLAN:
        version = connection.info.server_version // 10000
        return Plan(
            queryid, query, (), f"PostgreSQL {version} cannot plan a statement without its values; 16 can. Put values"
            " for $1, $2… and run EXPLAIN by hand.",
        )  # fmt: skip
    try:
        with apart(connection), connection.cursor() as cursor:
            cursor.execute(queries.tagged("set local search_path to default"))
            cursor.execute(queries.tagged(f"explain {'(generic_plan) ' if generic else ''}{query}"))
            return Plan(queryid, query, tuple(line for (line,) in cursor.fetchall()))
    except psycopg2.errors.LockNotAvailable:
        return Plan(queryid, query, (), "Somebody has locked a table of it: litxdb locks")
    except psycopg2.Error as error:
        said = str(error).partition("\n")[0]
        return Plan(queryid, query, (), f"PostgreSQL cannot plan the normalised text: {said}.")
