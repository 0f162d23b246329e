"""List the indexes that LitXplore wants, and those that are there: invalid, being built, missing, redundant, present.

Example: litxdb index list --check || litxdb index create --all
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Format, Url
from litxdb.errors import Exit
from litxdb.render import Form

Check = Annotated[bool, typer.Option("--check", help="Exit 1 unless all that LitXplore wants is there and valid.")]
COLUMNS: dict[str, render.Column] = {
    "status": "status",
    "index": "index",
    "table": "table",
    "bytes": ("size", render.size),
    "scans": "scans",
    "last_used": "last use",
    "about": "what for",
}


def command(url: Url = None, check: Check = False, form: Format = Form.table) -> None:
    from litxdb import indexes
    from litxdb.database import Database

    with Database(url, command="index list", notify=render.note) as db:
        found = indexes.list_indexes(db)
    if form is Form.table:
        rows = [
            {**render.record(row), "about": "; ".join(filter(None, (row.detail, row.reason)))} for row in found.rows
        ]
        render.rows(rows, form, columns=COLUMNS)
        if found.since:
            render.note(f"Scans are this server's alone, since {found.since:%Y-%m-%d %H:%M:%S%z}.")
        if not found.complete:
            render.note("litxdb index create --all builds what LitXplore wants.")
        if found.awaited:
            render.note(f"{len(found.awaited)} more of LitXplore's indexes come with their tables: litxdb migrate")
    else:
        render.rows(found.rows, form, columns={}, within=found)
    if check and not found.complete:
        raise typer.Exit(Exit.FINDINGS)
