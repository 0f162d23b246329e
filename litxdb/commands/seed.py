"""Insert the rows that LitXplore expects everywhere, and on request a world to develop on.

Without --users or --size only the baseline: what exists stays as it is. A world is people with their reviews, papers,
notes, chats, digests and months of activity: the same arguments make the same rows, and a second run writes nothing.

With --from the people are some of a backup's, with all that belongs to them, and every personal value masked.

Example: litxdb seed --size dev
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from litxdb import render
from litxdb.commands import _seeding
from litxdb.commands._options import Directory, DryRun, Format, Identity, StorePlace, Url, Wait, Yes
from litxdb.render import Form

Users = Annotated[
    int | None, typer.Option("--users", min=1, metavar="N", help="A world of so many people.", show_default=False)
]
Size = Annotated[
    str | None,
    typer.Option("--size", metavar="tiny|dev|load", help="A world of 20, 300 or 5,000 people.", show_default=False),
]
Seed = Annotated[str, typer.Option("--seed", metavar="TEXT", help="Another text, another world.")]
Now = Annotated[
    str | None,
    typer.Option("--now", metavar="DATE", help="When the world ends; the last midnight, UTC.", show_default=False),
]
Among = Annotated[
    str | None,
    typer.Option("--among", metavar="DATABASE", help="Seed it, by name, though it holds rows.", show_default=False),
]
Csv = Annotated[
    Path | None,
    typer.Option("--csv", metavar="DIR", help="Write the same rows as files instead.", show_default=False),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="BACKUP", help="People of a verified backup (or latest), masked.", show_default=False
    ),
]
Policy = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="What to mask in another schema (TOML).", show_default=False),
]
Clean = Annotated[bool, typer.Option("--clean", help="Remove the seeded world, and nothing else.")]


def command(
    users: Users = None,
    size: Size = None,
    seed: Seed = "1",
    now: Now = None,
    clean: Clean = False,
    yes: Yes = False,
    csv: Csv = None,
    source: From = None,
    policy: Policy = None,
    store: StorePlace = None,
    identity: Identity = None,
    among: Among = None,
    url: Url = None,
    lock_wait: Wait = 60,
    dry_run: DryRun = False,
    directory: Directory = None,
    form: Format = Form.table,
) -> None:
    from litxdb.database import Database

    wanted, moment = _seeding.people(users, size), _seeding.moment(now)
    if wanted is None and (csv or now or among or source or policy):
        raise typer.BadParameter("How many people? Say it by --users or --size.")
    if csv and (dry_run or among):
        raise typer.BadParameter("--csv writes files: --dry-run and --among are about a database.")
    if policy and not source:
        raise typer.BadParameter("--policy says what to mask of a backup: name one, by --from.")
    if clean and wanted:
        raise typer.BadParameter("--clean removes whatever world is there: give it no size.")
    if source and (csv or now or among):
        raise typer.BadParameter("--from takes no --csv, --now or --among.")
    if csv and wanted:
        _seeding.write_files(wanted, seed, moment, csv, form)
        return
    with Database(url, command="seed", notify=render.note, create_local=not (dry_run or clean)) as db:
        if clean:
            _seeding.clean(db, form, yes=yes, dry_run=dry_run, wait_seconds=lock_wait)
        elif wanted and source:
            places = (store, identity, directory)
            _seeding.subset(db, source, wanted, seed, policy, *places, form, dry_run=dry_run, wait_seconds=lock_wait)
        elif wanted:
            _seeding.fill(db, wanted, seed, moment, among, directory, form, dry_run=dry_run, wait_seconds=lock_wait)
        else:
            _seeding.baseline(db, directory, form, dry_run=dry_run)
