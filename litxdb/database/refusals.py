"""What an error of a statement means to a person: psycopg2's and SQLAlchemy's exceptions as litxdb's own."""

from __future__ import annotations

import sys
from typing import Any

from litxdb.database.failures import cause
from litxdb.errors import ConnectionLost, LitxdbError, ServerRefused

HINTS = {
    "25006": "The session is read-only: connect to the primary, or to a role without default_transaction_read_only.",
    "42501": "Connect as the owner, or have the missing privilege granted.",
    "42P01": "Bring the schema up to date: litxdb migrate",
    "3F000": "Create the schema, or set the role's search_path.",
    "53100": "The server's disk is full: free space there, then run this again.",
    "53200": "The server is out of memory: lower work_mem or maintenance_work_mem, or try again later.",
    "53300": "All connections are taken: close idle ones, or raise max_connections.",
    "55P03": "Somebody holds a lock that this needs: find the holder in pg_stat_activity, or try again later.",
    "57014": "The statement ran into statement_timeout, or somebody cancelled it.",
    "40P01": "Two transactions blocked each other: run it again.",
    "40001": "Another transaction changed the same rows: run it again.",
}
"""Next steps by SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


LOST = ("08", "57P0", "25P03", "25P04")
"""How the SQLSTATE of an error begins that ended the session: psycopg 3 hears what psycopg2 does not."""


def refusal(error: BaseException) -> LitxdbError | None:
    """Translate a driver's exception; None for any other.

    A connection that was lost becomes ConnectionLost, everything else that the server said ServerRefused.
    """
    origin: Any = getattr(error, "orig", None) or error  # SQLAlchemy keeps the driver's exception in `orig`
    driver = next((d for d in map(sys.modules.get, ("psycopg2", "psycopg")) if d and isinstance(origin, d.Error)), None)
    if driver is None:
        return None
    state = sqlstate(origin)
    # psycopg2 has a plain DatabaseError for half an answer, as from a server that crashes
    kinds = (driver.OperationalError, driver.InterfaceError)
    unsaid = isinstance(origin, kinds) or type(origin) is driver.DatabaseError
    if lost(state) or (state is None and unsaid):
        return ConnectionLost(f"The connection was lost: {cause(str(origin))}.", "Run it again once the server is up.")
    primary = getattr(getattr(origin, "diag", None), "message_primary", None) or cause(str(origin))
    hint = HINTS.get(state or "") or getattr(getattr(origin, "diag", None), "message_hint", None)
    return ServerRefused(f"The server refused: {primary} (SQLSTATE {state}).", hint)


def lost(state: str | None) -> bool:
    """Whether an error of this SQLSTATE ended its session.

    >>> lost("57P01"), lost("25P03"), lost("40001"), lost(None)
    (True, True, False, False)
    """
    return state is not None and state.startswith(LOST)


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE of a driver's exception, of one of SQLAlchemy's around it, or of what caused this one."""
    origin: Any = getattr(error, "orig", None) or error
    state: str | None = getattr(origin, "pgcode", None) or getattr(origin, "sqlstate", None)
    return state or (sqlstate(error.__cause__) if error.__cause__ else None)
