"""Back up the database: whole, with what is in every table on record, or not at all.

One at a time: another backup of the database ends this one with exit code 75; a migration is waited for.

Example: litxdb backup --store /var/backups/litxplore --quiet
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._backing import draw, watching
from litxdb.commands._options import Format, Quiet, StorePlace, Url, Wait
from litxdb.commands._stores import chosen
from litxdb.render import Form

Jobs = Annotated[
    int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Read so many tables at once (a directory dump).")
]
Recipients = Annotated[
    list[str] | None,
    typer.Option(
        "--recipient",
        "-r",
        metavar="KEY|FILE",
        help="Encrypt to this age1… key, or the keys in this file; LITXDB_BACKUP_RECIPIENTS by default. Repeatable.",
        show_default=False,
    ),
]


def command(
    store: StorePlace = None,
    url: Url = None,
    jobs: Jobs = 1,
    recipient: Recipients = None,
    lock_wait: Wait = 60,
    quiet: Quiet = False,
    form: Format = Form.table,
) -> None:
    from litxdb import backup
    from litxdb.database import Database
    from litxdb.settings import Settings

    settings = Settings.load(url)
    place = chosen(store, settings)
    encryption = backup.encryption(recipient or settings.backup_recipients)
    with (
        Database(settings=settings, command="backup", notify=None if quiet else render.note) as db,
        watching(quiet) as watch,
    ):
        done = backup.make(db, place, jobs=jobs, wait_seconds=lock_wait, encryption=encryption, watch=watch)
    if not quiet:
        draw(done, form)
