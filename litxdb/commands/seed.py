"""Insert the rows that LitXplore expects everywhere; those that exist stay as they are.

Example: litxdb seed --dry-run
"""

from __future__ import annotations

from litxdb import render
from litxdb.commands._options import Directory, DryRun, Format, Url
from litxdb.render import Form


def command(url: Url = None, dry_run: DryRun = False, directory: Directory = None, form: Format = Form.table) -> None:
    from litxdb import migrate
    from litxdb.database import Database
    from litxdb.seed import baseline

    with Database(url, command="seed", notify=render.note, create_local=not dry_run) as db:
        seeded = baseline(db, heads=migrate.heads(directory), dry_run=dry_run)
    render.rows(seeded, form, columns={"table": "table", "inserted": "inserted", "kept": "kept"})
    total = sum(row.inserted for row in seeded)
    would = "would be " if dry_run else ""
    render.note(
        f"{render.count(total, 'row')} {would}inserted." if total else "Everything is there: nothing was written."
    )
