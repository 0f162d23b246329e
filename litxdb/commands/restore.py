"""Restore a backup into an empty database, or in place of one: beside it first, compared, then swapped.

Example: litxdb restore litxplore-20261122 --into "$DATABASE_URL" --replace

BACKUP is a name in the store, its beginning, latest, or a file of pg_dump, where nothing can be compared.
The old database is kept under a dated name, to which nobody can connect, until --drop-old. Whoever was erased since the
backup was made is erased again before anybody can use it.
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._confirming import confirm
from litxdb.commands._options import DryRun, Format, Identity, StorePlace, Yes
from litxdb.commands._persons import PolicyFile
from litxdb.commands._proving import tell, watching
from litxdb.commands._recovering import describe_target, draw, drop_kept, erasing_again, find_origin
from litxdb.errors import ArgumentInvalid
from litxdb.render import Form

Name = Annotated[str | None, typer.Argument(metavar="[BACKUP]", help="A backup, latest, or a file of pg_dump's.")]
Into = Annotated[str, typer.Option("--into", metavar="URL", help="The database to restore into.")]
Replace = Annotated[bool, typer.Option("--replace", help="Put it in the place of a database that is not empty.")]
DropOld = Annotated[bool, typer.Option("--drop-old", help="Drop the databases that were replaced and kept.")]
Owners = Annotated[bool, typer.Option("--owners", help="Restore owners and grants; the roles must exist.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, metavar="N", help="Restore so many tables and indexes at once.")
]
Memory = Annotated[
    int | None,
    typer.Option("--memory", min=64, metavar="MB", help="For an index at most so much; else the server's cache."),
]


def command(
    into: Into,
    backup: Name = None,
    replace: Replace = False,
    drop_old: DropOld = False,
    owners: Owners = False,
    store: StorePlace = None,
    identity: Identity = None,
    jobs: Jobs = None,
    memory: Memory = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    policy: PolicyFile = None,
    form: Format = Form.table,
) -> None:
    from litxdb import backup as backups
    from litxdb import ownership
    from litxdb.database import Database
    from litxdb.settings import Settings

    if drop_old == (backup is not None):
        raise ArgumentInvalid("Either a BACKUP is restored, or --drop-old.", "Give one of the two.")
    settings = Settings.load(into)
    with Database(settings=settings, command="restore", notify=render.note) as db:
        if backup is None:
            drop_kept(db, form, dry_run=dry_run, yes=yes)
            return
        origin = find_origin(db, backup, store, identity)
        word = db.direct_endpoint.dbname if settings.production else None
        effect = describe_target(db, origin, replace=replace, owners=owners)
        if dry_run:
            render.line(effect)
            return
        if replace:
            confirm(effect, yes=yes, word=word)
        then = erasing_again(db, backup, store, ownership.read(policy) if policy else None, replaced=replace)
        restore = backups.in_place_of if replace else backups.into_empty
        try:
            with watching(origin.name) as watch:
                done = restore(
                    db, origin, jobs=jobs, memory_bytes=memory and memory << 20, owners=owners, then=then, watch=watch
                )
        except backups.BackupDiffers as error:
            tell(error.differences)
            raise
    draw(done, form)
