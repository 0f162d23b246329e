"""Back up the database: whole, with what is in every table on record, or not at all.

One at a time: another backup of the database ends this one with exit code 75; a migration is waited for.

Example: litxdb backup --store /var/backups/litxplore --quiet
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._backing import draw, watching
from litxdb.commands._options import Format, Quiet, StorePlace, Url, Wait
from litxdb.commands._proving import watching as proving
from litxdb.commands._stores import chosen
from litxdb.errors import ConfigurationInvalid, Exit
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
Verify = Annotated[bool, typer.Option("--verify", help="Restore it elsewhere and compare; exit 1 if it differs.")]


def command(
    store: StorePlace = None,
    url: Url = None,
    jobs: Jobs = 1,
    recipient: Recipients = None,
    lock_wait: Wait = 60,
    verify: Verify = False,
    quiet: Quiet = False,
    form: Format = Form.table,
) -> None:
    from litxdb import backup
    from litxdb.database import Database
    from litxdb.settings import Settings

    settings = Settings.load(url)
    place = chosen(store, settings)
    encryption = backup.encryption(recipient or settings.backup_recipients)
    if verify and encryption and not settings.backup_identity:
        raise ConfigurationInvalid(
            "Without its secret key an encrypted backup cannot be restored here.",
            "Verify it where the key is (litxdb verify --identity FILE), or set LITXDB_BACKUP_IDENTITY.",
        )
    with (
        Database(settings=settings, command="backup", notify=None if quiet else render.note) as db,
        watching(quiet) as watch,
    ):
        done = backup.make(db, place, jobs=jobs, wait_seconds=lock_wait, encryption=encryption, watch=watch)
    if verify:
        with proving(done.name, quiet=quiet) as tell:
            decrypt = backup.decryption(settings.backup_identity, done.manifest.archive)
            proof = backup.verify(place, done, settings=settings, decrypt=decrypt, watch=tell).proof
        done = replace(done, proofs=(proof,))
    if not quiet or done.verified is False:
        draw(done, form)
    if done.verified is False:
        raise typer.Exit(Exit.FINDINGS)
