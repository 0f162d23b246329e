"""How migrate and rollback show revisions, under way and done."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from litxdb import render
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.migrate import Migrated, RevisionStep


@contextlib.contextmanager
def watching() -> Iterator[Callable[[RevisionStep], None]]:
    """Show each revision as it starts and as it is committed."""
    progress = render.Progress()

    def watch(step: RevisionStep) -> None:
        if step.milliseconds is None:
            progress.start(f"{step.revision}  {step.message}")
        else:
            again = f" (begun {step.retries + 1} times)" if step.retries else ""
            progress.finish(f"{step.revision:<29}", step.milliseconds, step.message + again)

    try:
        yield watch
    finally:
        progress.stop()


def draw(done: Migrated, form: Form, *, verb: str, dry_run: bool = False) -> None:
    """Write the answer: where the database was, where it is, and what led there."""
    mended = sum(each.repaired for each in done.leftovers)
    if form is not Form.table:
        columns: dict[str, render.Column] = {"revision": "", "message": "", "milliseconds": "", "retries": ""}
        beside = {name: value for name, value in render.record(done).items() if name != "steps"}
        render.rows(done.steps, form, columns=columns, within=beside)
        return
    if mended:
        render.line(f"Repaired {mended} of what was left behind.")
    if not done.steps:
        render.line(f"Nothing to do: the database is at {done.after or 'base'}.")
    else:
        if dry_run:
            render.rows(done.steps, form, columns={"revision": "revision", "message": "message"})
        revisions = render.count(len(done.steps), "revision")
        render.line(f"{verb.capitalize()} {revisions}: from {done.before or 'base'} to {done.after or 'base'}.")
