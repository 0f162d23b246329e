"""This litxdb is older than the one that migrated the database

The newer one may have written what this one does not know: revisions, manifests of backups, its log. Use the same
version on every machine that looks after one database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb import __version__
from litxdb.doctor.check import Declaration, Server
from litxdb.doctor.history import require_log
from litxdb.doctor.results import Defect, Fix, Judgement, Status

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CHECK = Declaration(threshold="warn", remedy="pip install --upgrade litxdb", fix=Fix.MANUAL, lock="none")


def judge(*, connection: Connection, server: Server) -> Judgement:
    require_log(connection, server)
    with connection.cursor() as cursor:
        cursor.execute("select distinct litxdb from litxdb.migrations")
        used = [version for (version,) in cursor]
    newest = max(used, key=numbers, default=__version__)
    if numbers(newest) <= numbers(__version__):
        return Judgement(len(used))
    remedy = f"pip install --upgrade 'litxdb>={newest}'"
    return Judgement(len(used), (Defect(Status.WARN, "litxdb", f"{__version__}; {newest} was here", remedy),))


def numbers(version: str) -> tuple[int, ...]:
    """Return a version's numbers, which can be compared.

    >>> numbers("0.10.1") > numbers("0.9"), numbers("1.0.dev3")
    (True, (1, 0))
    """
    parts = version.split(".")
    return tuple(int(part) for part in parts if part.isdigit())
