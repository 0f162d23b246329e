"""List the cache's entries, the largest first.

Example: litxdb cache keys --kind vectorstore --limit 5
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Format, Limit
from litxdb.commands.cache._options import Kinds, RedisUrl, locate
from litxdb.render import Form

WithoutTtl = Annotated[bool, typer.Option("--without-ttl", help="Only those that never expire.")]
OldVersions = Annotated[bool, typer.Option("--old-versions", help="Only those of versions that count no more.")]


def command(
    redis_url: RedisUrl = None,
    kind: Kinds = None,
    without_ttl: WithoutTtl = False,
    old_versions: OldVersions = False,
    limit: Limit = None,
    form: Format = Form.table,
) -> None:
    from litxdb import cache

    kinds = cache.names(kind or ())
    endpoint, _ = locate(redis_url)

    def wanted(entry: cache.Entry) -> bool:
        eternal = entry.ttl_seconds is None
        return entry.kind in kinds and (eternal or not without_ttl) and (entry.old or not old_versions)

    with render.spinner(f"looking through {endpoint}"):
        found = cache.entries(endpoint, wanted, 20 if limit is None else limit)
    columns: dict[str, render.Column] = {
        "key": ("Key", render.cell),
        "bytes": ("Memory", render.size),
        "ttl_seconds": ("Expires in", lambda seconds: "never" if seconds is None else render.elapsed(seconds)),
        "old": ("Old version", lambda old: "old" if old else ""),
    }
    render.rows(found, form, columns=columns)
    if not found:
        render.note("No such entries.")
