"""What the server's refusals mean to an examination: circumstances, which skip a check, or mistakes of ours."""

from __future__ import annotations

import re
from typing import Any

from litxdb.doctor.deadline import Deadline, out_of_time
from litxdb.doctor.results import Reason, Skip
from litxdb.errors import LitxdbError
from litxdb.quoting import quoted_if_needed

LOCK_MILLISECONDS = 200
"""So long a read waits for a lock."""

_OPENING = {
    "pg_read_all_data": re.compile("permission denied for (table|view|sequence|schema)"),
    "pg_stat_scan_tables": re.compile("permission denied for function pgstat"),
}
"""Predefined roles, and what they open: https://www.postgresql.org/docs/current/predefined-roles.html"""


def circumstance(error: Exception, deadline: Deadline) -> Exception:
    """Translate what the server said; an error that is no circumstance but a mistake stays itself."""
    said: Any = error.__cause__ if isinstance(error, LitxdbError) and error.__cause__ else error
    code: str | None = getattr(said, "pgcode", "")
    text = str(said).strip().partition("\n")[0]
    match code:
        case "42501":
            opened = next((role for role, denied in _OPENING.items() if denied.match(text)), None)
            role = said.cursor.connection.info.user if said.cursor else None  # nobody's on a connection that is closed
            grant = f"grant {opened} to {quoted_if_needed(role)}" if opened and role else ""
            return Skip(Reason.NO_PRIVILEGE, f"{text[:1].upper()}{text[1:]}.", grant)
        case "55000" if "shared_preload_libraries" in text:
            return Skip(Reason.NO_EXTENSION, f"{text[:1].upper()}{text[1:]}.", "litxdb doctor --only extensions")
        case "55P03":
            return Skip(Reason.LOCKED, f"A table stayed locked for {LOCK_MILLISECONDS} ms.", "litxdb locks")
        case "57014":
            return out_of_time(deadline)
        case None | "57P01" | "57P02" | "57P03" | "25P03":
            return lost(text)
    return error


def lost(cause: str) -> Skip:
    """Return the Skip of whatever a connection that was lost had not read yet."""
    return Skip(Reason.NO_CONNECTION, f"The connection was lost: {cause}.", "litxdb ping")
