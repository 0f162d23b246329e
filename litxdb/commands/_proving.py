"""How verifying and restoring are shown, under way and done."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from litxdb import render
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.backup import Difference, Restoring, Verified

MOST = 20
"""Differences that a person is shown of one backup; JSON has all."""


@contextlib.contextmanager
def watching(subject: str, *, quiet: bool = False) -> Iterator[Callable[[Restoring], None]]:
    """Show on a terminal what is being restored right now, and how many tables are still to come."""
    progress = render.Progress()
    if not quiet:
        progress.start(subject)
    try:
        yield lambda seen: None if quiet else progress.update(f"{subject}: {describe(seen)}")
    finally:
        progress.stop()


def describe(seen: Restoring) -> str:
    """Say how far it is.

    >>> from litxdb.backup import Restoring
    >>> describe(Restoring("rows", "public.users", 3, 14)), describe(Restoring("index", "public.ix_users", 14, 14))
    ('rows of public.users, table 3 of 14', 'index public.ix_users, all 14 tables read')
    """
    what = " ".join(filter(None, ("rows of" if seen.step == "rows" else seen.step, seen.object)))
    if not seen.tables:
        return what
    if seen.step in {"rows", "comparing"}:
        return f"{what}, table {seen.tables_begun} of {seen.tables}"
    return f"{what}, all {seen.tables} tables read" if seen.tables_begun == seen.tables else what


def draw(done: Sequence[Verified], form: Form) -> None:
    """Write a row for each backup, and then what was found in those that are not what they should be."""
    rows = [{**render.record(each.proof), "caveats": each.caveats} for each in done]
    columns: dict[str, render.Column] = {
        "ok": "ok",
        "backup": "backup",
        "full": ("checked by", lambda full: "restoring it" if full else "reading it"),
        "restore_seconds": ("restored in", render.seconds),
        "total_seconds": ("in all", render.seconds),
        "differences": ("differences", lambda found: str(len(found)) if found else ""),
    }
    render.rows(rows, form, columns=columns)
    if form is not Form.table:
        return
    for each in done:
        if each.proof.error:
            render.line(f"{each.proof.backup}: {each.proof.error}")
        tell(each.proof.differences)
    open_questions: dict[str, list[str]] = {}
    for each in done:
        for caveat in each.caveats:
            open_questions.setdefault(caveat, []).append(each.proof.backup)
    for caveat, names in open_questions.items():
        of = "" if len(names) == len(done) else f" of {', '.join(names)}"
        render.line(f"Not proven{of}: {caveat}.")


def tell(differences: Sequence[Difference]) -> None:
    """Write what differs, a line each."""
    for each in differences[:MOST]:
        render.line(render.printable(f"  {each.kind} {each.object}: {each.expected} expected, {each.found} found"))
    if len(differences) > MOST:
        render.line(f"  and {len(differences) - MOST} more: --format json lists all")
