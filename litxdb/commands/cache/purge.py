"""Remove LitXplore's entries of this environment, all or only those of old versions; other programs' keys stay.

Shows how many and asks first.

Example: litxdb cache purge --old-versions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from litxdb.commands._options import DryRun, Format, Yes
from litxdb.commands.cache._options import Kinds, RedisUrl, locate, show, take_out
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.cache import Removal

OldVersions = Annotated[bool, typer.Option("--old-versions", help="Only those of versions that count no more.")]


def command(
    redis_url: RedisUrl = None,
    kind: Kinds = None,
    old_versions: OldVersions = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    form: Format = Form.table,
) -> None:
    from litxdb import cache

    kinds = cache.names(kind or ())
    endpoint, production = locate(redis_url)

    def remove(dry: bool) -> Removal:
        return cache.purge(endpoint, kinds, old_versions=old_versions, dry_run=dry)

    show(take_out(remove, str(endpoint), production=production, dry_run=dry_run, yes=yes), form)
