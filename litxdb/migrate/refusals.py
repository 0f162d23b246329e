"""What it means when the server refuses a revision, and what a person should do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litxdb.database.refusals import HINTS as GENERAL
from litxdb.errors import STOPPED, ConnectionFailed, LitxdbError, ServerRefused

if TYPE_CHECKING:
    import psycopg2

HINTS = {
    **GENERAL,
    "25001": "Put the statement into `with op.get_context().autocommit_block():`, as each revision is a transaction.",
    "42501": "Run it as the owner of the database's tables, or grant this role CREATE on the database and the schema.",
    "42P01": "The schema lacks what its recorded revision stands for: restore it, or correct that with litxdb stamp.",
    "42P07": "It is there although no revision says so: litxdb stamp records which revision the schema is at.",
    "42710": "It is there although no revision says so: litxdb stamp records which revision the schema is at.",
    "42701": "It is there although no revision says so: litxdb stamp records which revision the schema is at.",
    "2BP01": "Something outside these migrations uses it: drop or move that first.",
    "55P03": "Run it again at a quieter time, or end the session that uses the table: pg_stat_activity shows it.",
}
"""The next step for a SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html"""

MISSING = frozenset({"42P01", "42703", "42704", "3F000"})
"""A table, column, type or schema that is not there."""

LOG = "The server's log says more; after mending the cause, run it again."


def cause_of(error: BaseException | None) -> Any:
    """Return what happened first, in the driver's words: after it, leaving an autocommit block may fail in turn."""
    if isinstance(error, STOPPED):
        return error  # perhaps in the middle of an import, which cannot be begun anew then
    from sqlalchemy.exc import DBAPIError, PendingRollbackError

    while isinstance(error, PendingRollbackError) and error.__context__ is not None:
        error = error.__context__
    return (error.orig or error) if isinstance(error, DBAPIError) else error


def explain(error: Exception, doing: str, standing: str) -> LitxdbError:
    """Turn a failure into ours: what failed, the server's own words or the revision's, and what stands now."""
    import psycopg2
    from sqlalchemy.exc import SQLAlchemyError

    if not isinstance(error, psycopg2.Error):
        name = "" if isinstance(error, SQLAlchemyError) else f"{type(error).__name__}: "
        return ServerRefused(
            f"{doing} failed: {name}{error}. {standing}", "The revision itself is wrong: mend it, then run it again."
        )
    if error.pgcode is None and error.diag.message_primary is None:
        reason = (str(error).strip() or "the connection was lost").splitlines()[0]
        return ConnectionFailed(f"{doing} failed as the connection broke: {reason}. {standing}", LOG)
    reason = (error.diag.message_primary or str(error)).rstrip(".")
    if error.diag.message_detail:
        reason += f" ({error.diag.message_detail.rstrip('.')})"
    if error.pgcode == "55P03":
        reason += ", so that nobody queues behind it"
    hint = error.diag.message_hint or LOG
    return ServerRefused(f"{doing} failed: {reason}. {standing}".rstrip(), HINTS.get(error.pgcode or "", hint))


def starts_elsewhere(error: psycopg2.Error, doing: str, project: str, hint: str) -> LitxdbError | None:
    """Recognise a history whose first tables were never in it, by what its first run on an empty database lacks."""
    if error.pgcode not in MISSING:
        return None
    lacking = error.diag.message_primary
    return ServerRefused(
        f"{doing} failed: {lacking}. The history of {project} does not start from an empty database.", hint
    )
