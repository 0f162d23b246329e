"""Rebuild an index in its place with REINDEX CONCURRENTLY, and clear what an interrupted try left behind.

Example: litxdb index rebuild ix_sources_embedding_hnsw --memory 2GB
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import DryRun, Format, Url, Wait
from litxdb.commands.index._options import Attempts, LockTimeout, Memory, Workers, describe, progress, tell
from litxdb.render import Form

Name = Annotated[str, typer.Argument(help="The index, with its schema if need be.")]


def command(
    name: Name,
    url: Url = None,
    dry_run: DryRun = False,
    memory: Memory = None,
    workers: Workers = None,
    lock_timeout: LockTimeout = 600,
    attempts: Attempts = 3,
    lock_wait: Wait = 60,
    form: Format = Form.table,
) -> None:
    from litxdb import indexes
    from litxdb.database import Database

    with Database(url, command="index rebuild", notify=render.note) as db, progress() as shown:
        done = indexes.rebuild(
            db,
            name,
            indexes.Means(memory, workers),
            indexes.Patience(lock_timeout, attempts, lock_wait),
            dry_run=dry_run,
            watch=lambda phase: shown.update(describe(phase)),
        )
        if not dry_run:
            tell(shown, done)
    if form is not Form.table:
        render.rows([done], form, columns={})
    elif dry_run:
        for statement in done.statements:
            render.line(f"{statement};")
    else:
        render.line(f"Rebuilt {done.index}.")
