"""Say how the cache serves: hit rate, memory by kind, keys that never expire, versions that count no more.

Looks through all keys with SCAN, which holds up nobody.

Example: litxdb cache status
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb import render
from litxdb.commands._options import Format
from litxdb.commands.cache._options import RedisUrl, locate
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.cache import CacheStatus


def command(redis_url: RedisUrl = None, form: Format = Form.table) -> None:
    from litxdb import cache

    endpoint, _ = locate(redis_url)
    with render.spinner(f"looking through {endpoint}"):
        status = cache.status(endpoint)
    if form is Form.table:
        _head(status)
    columns: dict[str, render.Column] = {
        "kind": "Kind",
        "keys": ("Keys", render.number),
        "bytes": ("Memory", render.size),
        "version": "Version" if form is not Form.table else ("Version", render.cell),
        "without_ttl": ("Never expire", render.number),
        "old_versions": ("Old versions", render.number),
    }
    render.rows(status.rows, form, columns=columns, within=status)
    if form is Form.table:
        _advice(status)


def _head(status: CacheStatus) -> None:
    limit = render.size(status.maxmemory) if status.maxmemory else "no limit"
    memory = f"{render.size(status.used_memory)} of {limit}, {status.policy}" if status.used_memory else None
    rate = None if status.hit_percent is None else f"{status.hit_percent:.1f} % of {_asked(status)} reads"
    render.facts(
        {
            "cache": f"{status.endpoint}, environment {status.environment}",
            "server": f"{status.server}, up {render.elapsed(status.uptime_seconds)}" if status.server else None,
            "hit rate": rate,
            "memory": memory,
            "evicted": render.number(status.evicted_keys) if status.evicted_keys else None,
        }
    )


def _asked(status: CacheStatus) -> str:
    return render.number((status.hits or 0) + (status.misses or 0))


def _advice(status: CacheStatus) -> None:
    if status.without_ttl:
        render.line(f"{render.count(status.without_ttl, 'key')} without expiry: litxdb cache keys --without-ttl")
    if status.old_versions:
        render.line(f"{render.count(status.old_versions, 'key')} of old versions: litxdb cache purge --old-versions")
