"""Drop an index with DROP INDEX CONCURRENTLY, after showing what it is used for; its definition is kept for undo.

Example: litxdb index drop ix_notes_status --dry-run
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render
from litxdb.commands._confirming import confirm
from litxdb.commands._options import DryRun, Format, Url, Wait, Yes
from litxdb.commands.index._options import Attempts, LockTimeout, progress, tell
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.indexes import Usage

Name = Annotated[str, typer.Argument(help="The index, with its schema if need be.")]


def command(
    name: Name,
    url: Url = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    lock_timeout: LockTimeout = 600,
    attempts: Attempts = 3,
    lock_wait: Wait = 60,
    form: Format = Form.table,
) -> None:
    from litxdb import indexes
    from litxdb.database import Database

    with Database(url, command="index drop", notify=render.note) as db:
        used = indexes.usage(db, name)
        if dry_run and form is not Form.table:
            render.rows([used], form, columns={})
            return
        for line in _lines(used):
            (render.line if dry_run else render.note)(line)
        if dry_run:
            return
        word = db.endpoint.dbname if db.settings.production else None
        confirm(f"This drops the index {used.index} of {db.endpoint}.", yes=yes, word=word)
        with progress() as shown:
            done = indexes.drop(db, used, indexes.Patience(lock_timeout, attempts, lock_wait))
            tell(shown, done)
    if form is Form.table:
        render.line(f"Dropped {done.index}. To undo it: {done.undo};")
    else:
        render.rows([done], form, columns={})


def _lines(used: Usage) -> Iterator[str]:
    """Say what the index is used for, as far as this server knows."""
    yield f"{used.index} on {used.table}, {render.size(used.bytes)}"
    if used.reason:
        yield f"LitXplore wants it: {used.reason}."
    last = f", the last at {used.last_used:%Y-%m-%d %H:%M:%S%z}" if used.last_used else ""
    since = f" since {used.since:%Y-%m-%d %H:%M:%S%z}" if used.since else ""
    yield f"{used.scans or 0} scans{since}{last}; they read {used.tuples_read or 0} entries. Replicas count their own."
    yield f"undo: {used.undo};"
