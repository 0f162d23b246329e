"""The options that the commands of the cache share, and how they say what was removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render
from litxdb.commands._confirming import confirm
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.cache import CacheEndpoint, Removal

RedisUrl = Annotated[
    str | None,
    typer.Option("--redis-url", metavar="URL", help="The cache; REDIS_URL by default.", show_default=False),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only entries of this kind; may be repeated.", show_default=False),
]


def locate(redis_url: str | None) -> tuple[CacheEndpoint, bool]:
    """Return where the cache is, and whether that is production."""
    from litxdb.cache import CacheEndpoint
    from litxdb.settings import Settings

    settings = Settings.load(redis_url=redis_url)
    for warning in settings.warnings:
        render.note(f"warning: {warning}")
    return CacheEndpoint.locate(settings), settings.production


def take_out(
    remove: Callable[[bool], Removal], redis_url: str, *, production: bool, dry_run: bool, yes: bool
) -> Removal:
    """Show what would be removed, ask, and remove it; nobody is asked about nothing. Raises Refused."""
    with render.spinner(f"looking through {redis_url}"):
        planned = remove(True)
    if dry_run or not (planned.keys or planned.version):
        return replace(planned, dry_run=dry_run)
    effect = f"This removes {render.count(planned.keys, 'key')} of {redis_url}: {said(planned)}."
    confirm(effect, yes=yes, word="production" if production else None)
    with render.spinner(f"removing from {redis_url}"):
        return remove(False)


def show(removal: Removal, form: Form) -> None:
    """Write what was removed, by kind."""
    if form is Form.table:
        verb = "would be removed" if removal.dry_run else "removed"
        render.line(f"{render.count(removal.keys, 'key')} {verb}: {said(removal)}.")
    else:
        counted = [{"kind": kind, "removed": number} for kind, number in sorted(removal.removed.items())]
        within = {"dry_run": removal.dry_run, "version": removal.version}
        render.rows(counted, form, columns={"kind": "Kind", "removed": "Removed"}, within=within)


def said(removal: Removal) -> str:
    """Say what it is, in a few words."""
    words = [f"{number} {kind}" for kind, number in sorted(removal.removed.items())]
    if removal.version:
        words.append(f"version {removal.version} counts from then on")
    return ", ".join(words) or "nothing"
