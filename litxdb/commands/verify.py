"""Prove backups: restore them into a scratch database, compare everything, and keep the proof beside them.

Example: litxdb verify --latest

Exit 1 if one of them is damaged, cannot be restored, or holds anything else than the database held. The scratch
database is on the embedded server, and goes afterwards; --into names another server, by a database that stays as it is.
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Format, Identity, StorePlace
from litxdb.commands._proving import draw, watching
from litxdb.commands._stores import chosen
from litxdb.errors import ArgumentInvalid, ConfigurationInvalid, Exit
from litxdb.render import Form

Name = Annotated[str | None, typer.Argument(metavar="[BACKUP]", help="A backup, or the beginning of its name.")]
Latest = Annotated[bool, typer.Option("--latest", help="The newest backup; the default.")]
All = Annotated[bool, typer.Option("--all", help="Every backup in the store.")]
Quick = Annotated[bool, typer.Option("--quick", help="Only read it to its end: that proves less.")]
Into = Annotated[
    str | None,
    typer.Option("--into", metavar="URL", help="Restore on this server, in a new database.", show_default=False),
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, metavar="N", help="Restore so many tables and indexes at once.")
]


def command(
    backup: Name = None,
    latest: Latest = False,
    every: All = False,
    quick: Quick = False,
    into: Into = None,
    store: StorePlace = None,
    identity: Identity = None,
    jobs: Jobs = None,
    form: Format = Form.table,
) -> None:
    from litxdb import backup as backups
    from litxdb.database import Database
    from litxdb.settings import Settings

    if quick and into:
        raise ArgumentInvalid("--quick restores nothing, and so not --into anywhere.", "Leave out one of the two.")
    if sum((backup is not None, latest, every)) > 1:
        raise ArgumentInvalid("BACKUP, --latest and --all contradict each other.", "Give one of them.")
    settings = Settings.load(into)
    place = chosen(store, settings)
    found = backups.inventory(place)
    if not found.backups and not found.damaged and backup is None:
        raise ConfigurationInvalid(f"There is no backup in {found.where}.", "Make one with: litxdb backup")
    named = [backups.find(found, backup)] if backup else list(found.backups if every else found.backups[:1])
    identity = identity or settings.backup_identity
    done = []
    for each in named:
        with watching(each.name) as watch:
            if quick:  # without a key less can be looked at, but something
                decrypt = backups.decryption(identity, each.manifest.archive) if identity else None
                proof = backups.verify_quickly(place, each, settings=settings, decrypt=decrypt, watch=watch)
            else:
                decrypt = backups.decryption(identity, each.manifest.archive)
                with Database(settings=settings, command="verify", notify=render.note) as db:
                    proof = backups.verify(place, each, settings=settings, into=db if into else None,
                                           decrypt=decrypt, jobs=jobs, watch=watch)  # fmt: skip
        done.append(proof)
    draw(done, form)
    for damaged in found.damaged:
        render.note(f"damaged: {damaged.file}: {damaged.reason}")
    unproven = () if backup else found.damaged if every else backups.newer_damage(found)
    if unproven or not all(each.proof.ok for each in done):
        raise typer.Exit(Exit.FINDINGS)
