"""Sessions and prepared transactions as they stand in the sentences of findings, and in remedies."""

from __future__ import annotations

import textwrap

from litxdb.activity import Prepared, Session
from litxdb.doctor.check import Server
from litxdb.quoting import literal
from litxdb.redaction import without_values

WIDTH = 100


def who(session: Session) -> str:
    """Say whose session it is."""
    return f"{session.role} with {session.application or 'no application_name'}"


def statement(session: Session) -> str:
    """Quote the session's statement on one line, shortened, after a colon; nothing where it cannot be seen."""
    return f": {shortened(session.query)}" if session.query else ""


def shortened(query: str) -> str:
    """Write a statement without its values, on one line.

    >>> shortened("alter role ada\\n  password 'secret'")
    'alter role ada password ?'
    """
    return textwrap.shorten(without_values(query).rstrip("; \n"), WIDTH, placeholder=" …")


def rollback(prepared: Prepared, server: Server) -> str:
    """Return the statement that ends a prepared transaction, which works in its own database alone."""
    statement = f"rollback prepared {literal(prepared.gid)}"
    return statement if prepared.database == server.database else elsewhere(prepared.database, statement)


def elsewhere(database: str, statement: str) -> str:
    """Say that a statement is for another database than this one.

    >>> elsewhere("two\\nlines", "vacuum")
    '-- in the database two lines:\\nvacuum'
    """
    return f"-- in the database {' '.join(database.split())}:\n{statement}"
