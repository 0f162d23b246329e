"""The server's certificate is not verified

Without that, whoever can redirect the connection can pose as the server, and gets the password and the data. The
connection is encrypted, but nobody knows to whom. litxdb finds the system's authorities by itself, so
sslmode=verify-full is all that it takes; channel_binding=require proves a server that knows the password, and is enough
too. https://www.postgresql.org/docs/current/libpq-ssl.html
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

CHECK = Declaration(
    threshold="a remote host below sslmode=verify-full warn (PostgreSQL's documentation)",
    remedy="sslmode=verify-full",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    endpoint = context.db.endpoint
    if endpoint.is_local:
        raise Skip(Reason.NOT_APPLICABLE, "The connection does not leave this machine.")
    parameters = context.db.parameters()
    mode = parameters["sslmode"]
    if mode == "verify-full" or parameters.get("channel_binding") == "require":
        return Judgement(1)
    own_authority = mode == "verify-ca" or "sslrootcert" in parameters
    gap = "any certificate of that authority will do" if own_authority else "any certificate will do"
    url = f"{endpoint}{'&' if '?' in str(endpoint) else '?'}sslmode=verify-full"
    remedy = f"DATABASE_URL={url}  # with the password as before"
    return Judgement(1, (Defect(Status.WARN, str(endpoint), f"sslmode={mode}: {gap}", remedy),))
