"""A history of plain SQL instead of revisions, and the remedies of drift applied as a person would."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from litxdb.database import Database
from litxdb.migrate import Deviation
from tests.bed.statements import query


@dataclass(frozen=True)
class Recipe:
    """A project whose only revision is this SQL."""

    sql: str

    def current(self, connection: Any) -> str:
        return "the recipe"

    def replay(self, empty: Database, revision: str) -> None:
        query(empty, self.sql)


def mend(db: Database, rows: tuple[Deviation, ...]) -> None:
    """Run the statements, each in autocommit, those that a person must decide about too."""
    with closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute("set check_function_bodies = off")
        cursor.execute("set lock_timeout = '10s'")
        for row in rows:
            for statement in row.statements:
                cursor.execute(statement.sql)
