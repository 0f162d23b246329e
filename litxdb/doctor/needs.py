"""The conditions under which a check makes sense, and what to say and do where one is missing."""

from __future__ import annotations

from collections.abc import Iterable

from litxdb.doctor.check import Server
from litxdb.doctor.results import Reason, Skip
from litxdb.quoting import quoted_if_needed

COLD_SECONDS = 15 * 60
"""Statistics younger than that say nothing about a normal day (pgbot's cold window)."""


def unmet(needs: Iterable[str], server: Server) -> Skip | None:
    """Return why the first unmet condition keeps a check from running; None if all are met.

    A condition is one of: `pg_read_all_stats` · `pg_read_all_data` · `superuser` · `extension NAME` · `server MAJOR` ·
    `primary` · `self-managed` (the provider does not look after it) · `neon` · `window` (statistics are warm).
    """
    return next((skip for need in needs if (skip := _unmet(need, server))), None)


def _unmet(need: str, server: Server) -> Skip | None:
    word, _, rest = need.partition(" ")
    role = quoted_if_needed(server.role)
    match word:
        case "pg_read_all_stats" if not server.reads_all_stats:
            remedy = f"grant pg_monitor to {role}"
            return Skip(Reason.NO_PRIVILEGE, f"Role {server.role} cannot see other roles' sessions.", remedy)
        case "pg_read_all_data" if not server.reads_all_data:
            remedy = f"grant pg_read_all_data to {role}"
            return Skip(Reason.NO_PRIVILEGE, f"Role {server.role} may not read all tables.", remedy)
        case "superuser" if not server.superuser:
            return Skip(Reason.NO_PRIVILEGE, "Only a superuser can see this.")
        case "extension" if rest not in server.extensions:
            if rest in server.available:
                return Skip(Reason.NO_EXTENSION, f"Extension {rest} is not created.", f"create extension {rest}")
            return Skip(Reason.NO_EXTENSION, f"Extension {rest} is not installed on the server.")
        case "server" if server.major < int(rest):
            return Skip(Reason.NOT_APPLICABLE, f"PostgreSQL {server.major} does not record this; {rest} does.")
        case "primary" if server.in_recovery:
            return Skip(Reason.NOT_APPLICABLE, "The server is in recovery: ask its primary.")
        case "self-managed" if server.neon:
            return Skip(Reason.NOT_APPLICABLE, "Neon looks after this.")
        case "neon" if not server.neon:
            return Skip(Reason.NOT_APPLICABLE, "Not a Neon server.")
        case "window" if server.window_seconds < COLD_SECONDS:
            minutes = server.window_seconds / 60
            return Skip(Reason.COLD_STATISTICS, f"The server has counted for only {minutes:.0f} min; 15 are needed.")
    return None
