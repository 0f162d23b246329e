"""amcheck's functions: which there are, and whether the role may call them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from litxdb.doctor.check import Server
from litxdb.doctor.results import Reason, Skip
from litxdb.quoting import quoted_if_needed

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def verifiers(connection: Connection, server: Server, functions: Mapping[str, str]) -> dict[str, str]:
    """Return those of the functions that this version of amcheck has, each with its schema, quoted."""
    schema = quoted_if_needed(server.extensions["amcheck"][1])
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
            " where n.nspname = %s and p.proname = any(%s)",
            [server.extensions["amcheck"][1], list(functions.values())],
        )
        there = {name for (name,) in cursor.fetchall()}
    return {kind: f"{schema}.{name}" for kind, name in functions.items() if name in there}


def require_executable(connection: Connection, functions: Iterable[str], server: Server) -> None:
    """Raise Skip unless the role may call all of these, with the statements that let it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
            " where quote_ident(n.nspname) || '.' || quote_ident(p.proname) = any(%s)"
            " and not (has_function_privilege(p.oid, 'execute') and has_schema_privilege(n.oid, 'usage'))",
            [list(functions)],
        )
        denied = [signature for (signature,) in cursor.fetchall()]
    if denied:
        role = quoted_if_needed(server.role)
        grants = ";\n".join(f"grant execute on function {signature} to {role}" for signature in denied)
        raise Skip(Reason.NO_PRIVILEGE, f"Role {server.role} may not call amcheck's functions.", grants)
