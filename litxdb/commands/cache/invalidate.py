"""Remove what is cached of a paper, of keys that match a pattern, or of all versions of a kind so far.

Shows what that is and asks first. What is being made of it at this moment is not kept either.

Example: litxdb cache invalidate --paper 2307.12345 --dry-run
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from litxdb.commands._options import DryRun, Format, Yes
from litxdb.commands.cache._options import RedisUrl, locate, show, take_out
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.cache import CacheEndpoint, Removal

Paper = Annotated[str | None, typer.Option("--paper", metavar="ID", help="A paper's id.", show_default=False)]
Pattern = Annotated[
    str | None, typer.Option("--pattern", metavar="GLOB", help="Keys by Redis' own pattern.", show_default=False)
]
Bump = Annotated[
    str | None, typer.Option("--bump", metavar="KIND", help="A kind: its next version counts.", show_default=False)
]


def command(
    paper: Paper = None,
    pattern: Pattern = None,
    bump: Bump = None,
    redis_url: RedisUrl = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    form: Format = Form.table,
) -> None:
    if [paper, pattern, bump].count(None) != 2:
        raise typer.BadParameter("Give one of --paper, --pattern and --bump.")
    endpoint, production = locate(redis_url)

    def remove(dry: bool) -> Removal:
        return _what(endpoint, paper, pattern, bump)(dry_run=dry)

    show(take_out(remove, str(endpoint), production=production, dry_run=dry_run, yes=yes), form)


def _what(endpoint: CacheEndpoint, paper: str | None, pattern: str | None, kind: str | None) -> partial[Removal]:
    from litxdb import cache

    if paper is not None:
        return partial(cache.invalidate_paper, endpoint, paper)
    if pattern is not None:
        return partial(cache.invalidate_pattern, endpoint, pattern)
    return partial(cache.bump, endpoint, kind or "")
