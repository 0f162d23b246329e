"""Whether a database serves others: what is sensible advice for production is noise on a developer's own machine."""

from __future__ import annotations

from litxdb.doctor.check import Context
from litxdb.doctor.results import Reason, Skip


def is_deployed(context: Context) -> bool:
    """Whether the server is another machine's, or the settings say that it is production."""
    return context.db.settings.production or not context.db.endpoint.is_local


def require_deployed(context: Context) -> None:
    """Raise Skip for a database that is not deployed."""
    if not is_deployed(context):
        detail = "A server of this machine's own, not in production: LITXDB_ENV=production has this examined."
        raise Skip(Reason.NOT_APPLICABLE, detail)
