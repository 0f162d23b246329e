"""The cache does not answer

Readers go on without it, and each has made anew what was paid for before: by a model, within seconds or minutes. Nobody
notices but by the bill. litxdb.cache makes a reader wait 50 ms for it at most.
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.checks.cache._cached import cache_endpoint, cache_status
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.errors import LitxdbError, ToolMissing

CHECK = Declaration(
    threshold="no answer, a wrong password or a refusal warn; no answer while the time for the examination lasts warn",
    remedy="litxdb cache status",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    endpoint = cache_endpoint(context)
    try:
        status = cache_status(context)
    except ToolMissing as error:
        raise Skip(Reason.NOT_APPLICABLE, error.message, error.hint or "") from None
    except Skip as late:
        return Judgement(1, (Defect(Status.WARN, str(endpoint), f"no answer: {late.detail}"),))
    except LitxdbError as error:
        return Judgement(1, (Defect(Status.WARN, str(endpoint), error.message),))
    return Judgement(1, detail=f"{status.server or 'Redis'} answers.")
