"""Erase a person from the database; without --yes, show what that would do to which rows, other people's included.

With --yes an export is written before, or not with --no-export; then all is done in one transaction, or nothing. The
certificate says what was done, and which backups hold the data still; the ledger lets litxdb restore erase again.

Example: litxdb erase-user ada@example.org --yes -o ada.zip
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render
from litxdb.commands._erasing import certifying, draw, ledger_key, settle, show
from litxdb.commands._options import Format, LockTimeout, StorePlace, Url
from litxdb.commands._persons import Key, PolicyFile, Root, Who, chosen, watching
from litxdb.commands._stores import chosen as chosen_store
from litxdb.errors import Exit, Refused
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.backup import Store
    from litxdb.database import Database
    from litxdb.privacy import Request

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Erase, and do not only show what that would do.")]
Out = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="The export; export-TIME.zip by default.", show_default=False),
]
Exports = Annotated[bool, typer.Option("--export/--no-export", help="Write an export before.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the export, if there is one.")]
Paper = Annotated[
    Path | None,
    typer.Option(
        "--certificate", metavar="FILE", help="The certificate; erasure-TIME.json by default.", show_default=False
    ),
]
Kept = Annotated[
    int | None,
    typer.Option("--backups-kept", min=1, metavar="DAYS", help="How long backups are kept, for the certificate."),
]


def command(
    who: Who = None,
    yes: Yes = False,
    out: Out = None,
    export: Exports = True,
    force: Force = False,
    certificate: Paper = None,
    backups_kept: Kept = None,
    store: StorePlace = None,
    lock_timeout: LockTimeout = 10,
    root: Root = None,
    key: Key = None,
    policy: PolicyFile = None,
    url: Url = None,
    form: Format = Form.table,
) -> None:
    from litxdb import privacy
    from litxdb.database import Database

    request = privacy.Request(*chosen(who, root, key, policy))
    with Database(url, command="erase-user", notify=render.note) as db:
        settle(db, certificate)
        with watching() as watch:
            plan = privacy.preview(
                db, request, lock_seconds=lock_timeout, watch=lambda doing: watch(privacy.Progress(doing))
            )
        if not yes or plan.blocked:
            show(plan, form)
            if plan.blocked:
                raise typer.Exit(Exit.FINDINGS)
            render.note("Nothing was changed. To erase: add --yes.")
            return
        moment = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        beside, paper = _beside(store, db), certificate or Path(f"erasure-{moment}.json")
        secret = ledger_key(db, beside)
        if export:
            _export(db, request, out or Path(f"export-{moment}.zip"), force=force)
        with certifying(paper, beside, db, backups_kept) as certify, watching() as watch:
            done = privacy.erase(
                db,
                request,
                key=secret,
                beside=beside,
                agreed=plan,
                certify=certify,
                lock_seconds=lock_timeout,
                watch=lambda doing: watch(privacy.Progress(doing)),
            )
    draw(done, paper, form)


def _export(db: Database, request: Request, path: Path, *, force: bool) -> None:
    from litxdb import privacy

    with watching() as watch:
        done = privacy.export(db, request, path, force=force, watch=watch)
    render.note(f"{path}: {render.count(done.manifest.rows, 'row')} exported")
    if not done.manifest.complete:
        named = ", ".join(f"{each.table}.{each.column}" for each in done.manifest.proof.gaps)
        raise Refused(
            f"The export lacks rows that hold the person's identifiers: {named}. Nothing was erased.",
            "Declare these tables in a policy, or erase with --no-export.",
        )


def _beside(place: str | None, db: Database) -> Store | None:
    """Return the store of the backups; without one a restored backup brings the person back."""
    if place is None and db.settings.backup_store is None:
        render.note(
            "warning: no backup store is known, so the ledger is in the database only: a backup restored later brings "
            "the person back. Set LITXDB_BACKUP_STORE."
        )
        return None
    return chosen_store(place, db.settings)
