"""Nobody can tell which statements are slow

pg_stat_statements counts every statement's calls and time; `litxdb slow-queries` and half of what one wants to know at
night come from it. Its library must be preloaded, which takes a restart (at Neon and in litxdb's local server it is),
and the extension created in the database. https://www.postgresql.org/docs/current/pgstatstatements.html
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration, Rows, Server
from litxdb.doctor.configuration import by_name
from litxdb.doctor.deployment import require_deployed
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.quoting import literal

NAME = "pg_stat_statements"
LIBRARIES = "shared_preload_libraries"
PACKAGE = "-- install the server's package with contrib modules, such as postgresql-contrib"

CHECK = Declaration(
    threshold="not created info; created but not preloaded warn",
    remedy=f"create extension {NAME}",
    fix=Fix.SAFE,
    lock="none",
)


def judge(*, settings: Rows, server: Server, context: Context) -> Judgement:
    known = by_name(settings)
    preloaded = f"{NAME}.max" in known  # its settings exist only where the library was there at the start
    preload = _preload(known[LIBRARIES].reset_val if LIBRARIES in known else None)
    if NAME in server.extensions:
        if preloaded:
            return Judgement(1)
        return Judgement(1, (Defect(Status.WARN, NAME, "created, but not preloaded", preload, Fix.MANUAL),))
    require_deployed(context)
    if NAME not in server.available:
        return Judgement(1, (Defect(Status.INFO, NAME, "not installed on the server", PACKAGE, Fix.MANUAL),))
    if not preloaded:
        return Judgement(1, (Defect(Status.INFO, NAME, "neither preloaded nor created", preload, Fix.MANUAL),))
    return Judgement(1, (Defect(Status.INFO, NAME, "not created", undo=f"drop extension {NAME}"),))


def _preload(libraries: str | None) -> str:
    """Write the statement that adds it to the preloaded libraries, each in quotes of its own: together they are one.

    >>> print(_preload("auto_explain,neon"))
    alter system set shared_preload_libraries = 'auto_explain', 'neon', 'pg_stat_statements';
    -- and restart the server
    """
    if libraries is None:
        return f"-- as a superuser: add {NAME} to {LIBRARIES}, and restart the server"
    names = [*filter(None, (name.strip(' "') for name in libraries.split(","))), NAME]
    listed = ", ".join(map(literal, names))
    return f"alter system set {LIBRARIES} = {listed};\n-- and restart the server"
