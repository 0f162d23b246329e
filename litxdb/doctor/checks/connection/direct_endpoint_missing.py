"""There is no way round the pooler

Migrations, backups and index builds need a session of their own, which a transaction pooler cannot give: locks and
settings would go to other clients, so litxdb refuses to run them there. Neon's direct host is known by its name; for
any other pooler DIRECT_DATABASE_URL says where the server itself is. https://www.pgbouncer.org/features.html
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.errors import ConnectionFailed, Refused

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CHECK = Declaration(
    threshold="a transaction pooler without a direct endpoint warn",
    remedy="DIRECT_DATABASE_URL=postgresql://…",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, connection: Connection, context: Context) -> Judgement:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        if cursor.fetchone() == (connection.info.backend_pid,):  # a pooler gives its clients process ids of its own
            return Judgement(1)
    try:
        with closing(context.db.connect(direct=True, retry=False)):
            return Judgement(1)
    except (Refused, ConnectionFailed) as error:
        endpoint = context.db.direct_endpoint
        remedy = f"DIRECT_DATABASE_URL={endpoint}  # with the server's own host and port"
        return Judgement(1, (Defect(Status.WARN, str(endpoint), error.message, remedy),))
