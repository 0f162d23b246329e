"""The cache, as its checks see it: read once an examination, and not for ever."""

from __future__ import annotations

import functools
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

from litxdb.doctor.check import Context
from litxdb.doctor.deadline import Deadline, out_of_time
from litxdb.doctor.leaving import leave_running
from litxdb.doctor.results import Reason, Skip
from litxdb.errors import LitxdbError

if TYPE_CHECKING:
    from litxdb.cache import CacheEndpoint, CacheStatus

LOOKING_SECONDS = 2.0
"""For looking through the keys: some 100,000 are done then, and the others are like them."""


def cache_endpoint(context: Context) -> CacheEndpoint:
    """Return where the cache is; raises Skip where there is none, and ConfigurationInvalid."""
    if context.db.settings.redis_url is None:
        raise Skip(Reason.NOT_APPLICABLE, "REDIS_URL is not set: no cache is known.")
    from litxdb.cache import CacheEndpoint

    return CacheEndpoint.locate(context.db.settings)


def cache_status(context: Context) -> CacheStatus:
    """Return what is in the cache; a Redis that does not answer takes what is left of the time.

    Raises Skip where there is no cache, and the errors of litxdb.cache where it cannot be read.
    """
    answer, deadline = _reading(cache_endpoint(context), context.deadline), context.deadline
    if deadline is None:
        return answer.result()
    try:
        return answer.result(deadline.left)
    except TimeoutError:
        raise out_of_time(deadline) from None


def require_cache(context: Context) -> CacheStatus:
    """Return what is in the cache; raises Skip where it cannot be read, which cache_unreachable reports."""
    try:
        return cache_status(context)
    except LitxdbError as error:
        raise Skip(Reason.NOT_APPLICABLE, error.message, "litxdb doctor --only cache_unreachable") from None


@functools.lru_cache(maxsize=1)
def _reading(endpoint: CacheEndpoint, _examination: Deadline | None) -> Future[CacheStatus]:
    from litxdb import cache

    return leave_running(partial(cache.status, endpoint, LOOKING_SECONDS), "cache")
