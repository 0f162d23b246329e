"""Back up the database: whole, with what is in every table on record, or not at all.

One at a time: another backup of the database ends this one with exit code 75; a migration is waited for.

Example: litxdb backup --store /var/backups/litxplore --quiet
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._backing import draw, failing, made_already, speaking, summary, watching
from litxdb.commands._options import Format, PrometheusFile, Quiet, StorePlace, Url, Wait
from litxdb.commands._proving import watching as proving
from litxdb.commands._scheduling import show_schedule
from litxdb.commands._stores import chosen
from litxdb.errors import BackupDamaged, ConfigurationInvalid
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
Ping = Annotated[
    str | None,
    typer.Option(
        "--ping",
        metavar="URL",
        help="Call URL/start, then URL or URL/fail, as for healthchecks.io; LITXDB_BACKUP_PING by default.",
        show_default=False,
    ),
]
Schedule = Annotated[
    bool, typer.Option("--schedule", help="Print a crontab line and a systemd timer with these options, and end.")
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
    ping: Ping = None,
    prometheus: PrometheusFile = None,
    schedule: Schedule = False,
    form: Format = Form.table,
) -> None:
    if schedule:
        show_schedule(store, url, jobs, recipient, lock_wait, verify, ping, prometheus)
        return
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
        backup.heartbeat(ping or settings.backup_ping, render.note) as report,
        Database(settings=settings, command="backup", notify=speaking(report, quiet)) as db,
        backup.recorded(prometheus, db, place, render.note),
    ):
        with watching(quiet) as watch:
            done = backup.make(db, place, jobs=jobs, wait_seconds=lock_wait, encryption=encryption, watch=watch)
        if verify:
            with made_already(done), proving(done.name, quiet=quiet) as tell:
                decrypt = backup.decryption(settings.backup_identity, done.manifest.archive)
                proof = backup.verify(place, done, settings=settings, decrypt=decrypt, watch=tell).proof
            done = replace(done, proofs=(proof,))
        report(summary(done))
        if not quiet or done.verified is False:
            draw(done, form)
        if done.verified is False:
            raise BackupDamaged(f"The backup {done.name} was made, but {failing(proof)}.", "Make another one.")
