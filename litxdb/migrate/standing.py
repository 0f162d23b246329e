"""Where a run that failed leaves the database: at which revision, and with what of one that is half done."""

from __future__ import annotations

from collections.abc import Sequence

from litxdb.database import Database
from litxdb.errors import LitxdbError
from litxdb.migrate.lock import MigrationLock
from litxdb.migrate.project import Project
from litxdb.migrate.results import Difference
from litxdb.migrate.state import current_revisions, read_revisions, shown

UNKNOWN = "?"
"""Where a database stands that cannot be reached."""


def read_standing(db: Database, lock: MigrationLock, project: Project) -> tuple[str, ...] | None:
    """Return the revisions that the database is at, from a new session if need be; None if it cannot be asked."""
    import psycopg2

    try:
        return read_revisions(lock.connection, project)
    except psycopg2.Error:
        pass  # that session is gone as well
    try:
        return current_revisions(db, project)
    except (psycopg2.Error, LitxdbError):
        return None


def written(standing: tuple[str, ...] | None) -> str | None:
    """Write what `read_standing` has returned."""
    return UNKNOWN if standing is None else shown(standing)


def stands(revision: str | None) -> str:
    """Say which revision the database is at.

    >>> stands("0008_chat"), stands(None)
    ('The database is at revision 0008_chat.', 'No revision is applied.')
    """
    if revision == UNKNOWN:
        return "Where the database stands could not be read: once it is up again, run litxdb status."
    return f"The database is at revision {revision}." if revision else "No revision is applied."


def remains(differences: Sequence[Difference]) -> list[str]:
    """Say what there is of a revision that was not rolled back whole, by what it changed in the catalog.

    >>> remains([Difference("table", "public.t", None, "table"), Difference("validity", "public.i", None, "not valid")])
    ['table public.t is there', 'index public.i is INVALID']
    """
    invalid = {each.object for each in differences if each.kind == "validity" and each.after is not None}
    others = [each for each in differences if each.kind != "validity"]
    return [
        *(f"{each.kind} {each.object} {_fate(each, invalid)}" for each in others),
        *(f"index {name} is INVALID" for name in sorted(invalid - {each.object for each in others})),
    ]


def _fate(change: Difference, invalid: set[str]) -> str:
    if change.after is None:
        return "is gone"
    return "is INVALID" if change.object in invalid else "is there"
