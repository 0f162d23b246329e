"""A password stands on the command line

Every user of this machine can read it in the list of processes while the command runs, and the shell keeps it in its
history. Put the URL into DATABASE_URL or `.env` (mode 600), or the password alone into ~/.pgpass.
https://www.postgresql.org/docs/current/libpq-pgpass.html
"""

from __future__ import annotations

from litxdb.database.endpoint import parse
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

CHECK = Declaration(
    threshold="a password in --url warn",
    remedy="DATABASE_URL=postgresql://…",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    settings = context.db.settings
    if settings.source != "--url" or settings.url is None or context.db.command == "library":
        raise Skip(Reason.NOT_APPLICABLE, "The URL did not come from the command line.")
    if "password" not in parse(settings.url, settings.source):
        return Judgement(1)
    remedy = f"DATABASE_URL={context.db.endpoint}  # in .env, with the password; then chmod 600 .env"
    return Judgement(1, (Defect(Status.WARN, "--url", "the URL holds a password", remedy),))
