"""The URL's scheme is refused by SQLAlchemy

litxdb takes `postgres://`, but SQLAlchemy has refused it since 1.4, so a service that reads the same DATABASE_URL may
not start. `postgresql://` is understood by everybody. https://docs.sqlalchemy.org/en/20/changelog/changelog_14.html
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

CHECK = Declaration(
    threshold="postgres:// info (SQLAlchemy 1.4)", remedy="DATABASE_URL=postgresql://…", fix=Fix.MANUAL, lock="none"
)


def judge(*, context: Context) -> Judgement:
    settings = context.db.settings
    if settings.url is None:
        raise Skip(Reason.NOT_APPLICABLE, "No URL was given.")
    if not settings.url.strip().lower().startswith("postgres:"):
        return Judgement(1)
    remedy = f"DATABASE_URL={context.db.endpoint}  # with the password as before"
    return Judgement(1, (Defect(Status.INFO, settings.source, "it begins with postgres://", remedy),))
