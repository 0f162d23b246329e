"""The schema is not where the code expects it: revisions are pending, or unknown here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.migrate import status
from litxdb.results import Finding

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def check(db: Database, connection: Connection, directory: Path | None) -> Iterator[Finding]:
    """Compare alembic_version with the revisions of this version of litxdb."""
    stands = status(db, directory=directory)
    if stands.current != stands.head:
        yield Finding(
            check="pending_revisions",
            level="crit",
            object="alembic_version",
            measured=f"at {stands.current or 'nothing'}, head is {stands.head}, {len(stands.pending)} pending",
            title="The schema is not at the head of the migrations",
            remedy="litxdb migrate",
        )
