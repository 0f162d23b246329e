"""The examination: every check in turn, on one read-only connection."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.database import Database
from litxdb.doctor.checks import baseline_missing, pending_revisions
from litxdb.results import Examination, Finding

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

IN_PYTHON = {"pending_revisions": pending_revisions.check, "baseline_missing": baseline_missing.check}


def examine(db: Database, directory: Path | None = None) -> Examination:
    """Run every check of sql/checks and doctor/checks. Reads only: takes no lock that a writer would wait for.

    `directory` holds a project's own revisions, which follow LitXplore's.
    """
    findings: list[Finding] = []
    examined: list[str] = []
    with contextlib.closing(db.connect()) as connection:
        connection.set_session(readonly=True)
        for name in queries.names("checks"):
            findings += _ask(connection, name)
            examined.append(name)
        connection.rollback()
        for name, check in IN_PYTHON.items():
            findings += check(db, connection, directory)
            examined.append(name)
    return Examination(tuple(examined), tuple(findings))


def _ask(connection: Connection, name: str) -> Iterator[Finding]:
    query = queries.load("checks", name, connection.info.server_version)
    for row in query.run(connection):
        remedy = query.key("remedy").format(**row)
        yield Finding(name, query.key("level"), row["object"], row["measured"], query.title, remedy)
