"""How seeding a world is asked for, and shown."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from litxdb import render
from litxdb.commands._confirming import confirm
from litxdb.commands._recovering import LATEST, erasing_again
from litxdb.commands._stores import chosen
from litxdb.errors import Refused
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.backup import Backup, Restoring, Store
    from litxdb.database import Database
    from litxdb.seed import Loaded

COLUMNS: dict[str, render.Column] = {
    "table": "table",
    "inserted": ("inserted", render.number),
    "kept": ("kept", render.number),
}
LONG = 1.0
"""A step of so many seconds leaves a line behind."""


def people(users: int | None, size: str | None) -> int | None:
    """Return how many people are wanted; None for the baseline alone."""
    from litxdb.seed import SIZES

    if users is not None and size is not None:
        raise typer.BadParameter("Give --users or --size, not both.")
    if size is not None and size not in SIZES:
        raise typer.BadParameter(f"{size!r} is none of {', '.join(SIZES)}.", param_hint="--size")
    return SIZES[size] if size else users


def moment(text: str | None) -> datetime | None:
    """Read --now; without a zone it is UTC."""
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date.", param_hint="--now") from None
    return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)


def baseline(db: Database, directory: Path | None, form: Form, *, dry_run: bool) -> None:
    """Insert the baseline, and write what came of it."""
    from litxdb import migrate, seed

    seeded = seed.baseline(db, heads=migrate.heads(directory), dry_run=dry_run)
    render.rows(seeded, form, columns={"table": "table", "inserted": "inserted", "kept": "kept"})
    total = sum(row.inserted for row in seeded)
    would = "would be " if dry_run else ""
    render.note(
        f"{render.count(total, 'row')} {would}inserted." if total else "Everything is there: nothing was written."
    )


def fill(
    db: Database,
    users: int,
    seed: str,
    now: datetime | None,
    among: str | None,
    directory: Path | None,
    form: Form,
    *,
    dry_run: bool,
    wait_seconds: float,
) -> None:
    """Add a world, and write what came of it."""
    from litxdb import migrate
    from litxdb import seed as seeding

    with _watching() as watch:
        filled = seeding.fill(
            db,
            users,
            heads=migrate.heads(directory),
            seed=seed,
            now=now,
            name=among,
            dry_run=dry_run,
            wait_seconds=wait_seconds,
            watch=watch,
        )
    beside = {name: value for name, value in render.record(filled).items() if name != "tables"}
    render.rows(filled.tables, form, columns=COLUMNS, within=beside)
    inserted = sum(each.inserted for each in filled.tables)
    if filled.gone:
        render.note(f"{render.count(filled.gone, 'seeded row')} deleted since: seeding again does not bring them back.")
    would, who = "would be " if dry_run else "", _who(users)
    render.note(
        f"{inserted:,} rows {would}inserted, of {who} until {filled.now:%Y-%m-%d}."
        if inserted
        else "This world is there already: nothing was written."
    )


def subset(
    db: Database,
    name: str,
    users: int,
    seed: str,
    policy: Path | None,
    store: str | None,
    identity: Path | None,
    directory: Path | None,
    form: Form,
    *,
    dry_run: bool,
    wait_seconds: float,
) -> None:
    """Restore a verified backup into a scratch database, copy some of its people, masked, and write what came of it."""
    from litxdb import backup, migrate
    from litxdb import seed as seeding
    from litxdb.commands._proving import watching

    masking = seeding.read_masking(policy) if policy else None
    place = chosen(store, db.settings)
    stored = backup.inventory(place)
    found = backup.find(stored, stored.backups[0].name if name == LATEST and stored.backups else name)
    if not found.verified:
        raise Refused(f"The backup {found.name} is not verified.", f"Prove it first: litxdb verify {found.name}")
    decrypt = backup.decryption(identity or db.settings.backup_identity, found.manifest.archive)
    erase = erasing_again(db, found.name, store, masking.owners if masking else None, replaced=False)
    with contextlib.ExitStack() as stack:
        restoring = stack.enter_context(watching(found.name))
        source = stack.enter_context(_restored(db, place, found, decrypt, restoring))
        erase(source)
        copied = seeding.subset(
            source,
            db,
            users,
            key=f"{seed}/{found.manifest.archive.sha256}",
            heads=migrate.heads(directory),
            masking=masking,
            dry_run=dry_run,
            wait_seconds=wait_seconds,
            watch=stack.enter_context(_watching()),
        )
    columns: dict[str, render.Column] = {
        "table": "table",
        "rows": ("rows", render.number),
        "masked": ("masked", ", ".join),
    }
    render.rows(copied.tables, form, columns=columns, within={"people": copied.people, "left_out": copied.left_out})
    for table, reason in copied.left_out.items() if form is Form.table else ():
        render.note(f"{table} was left out: {reason}")
    total, would = sum(each.rows for each in copied.tables), ", which would be copied" if dry_run else ""
    render.note(f"{total:,} rows of {_who(copied.people)} and what these refer to{would}.")


@contextlib.contextmanager
def _restored(
    db: Database, place: Store, found: Backup, decrypt: Any, watch: Callable[[Restoring], None]
) -> Iterator[Database]:
    """Restore a backup into a database of the scratch server, for the time of the block."""
    from litxdb import backup

    manifest = found.manifest
    with backup.scratch_for(db.settings, manifest, "seed") as source:
        with backup.unpacked(place, manifest, decrypt) as dump:
            backup.restore(source, dump, contents=manifest.contents, watch=watch)
        yield source


def write_files(users: int, seed: str, now: datetime | None, directory: Path, form: Form) -> None:
    """Write a world as files, and how many rows there are in each."""
    from litxdb import seed as seeding

    recipe = seeding.Recipe(users, seed, now or seeding.last_midnight())
    with _watching() as watch:
        written = seeding.write(recipe, directory, watch=watch)
    render.rows(written, form, columns={"table": "table", "inserted": ("rows", render.number)})
    render.note(f"{sum(each.inserted for each in written):,} rows are in {directory}; load.sql loads them.")


def clean(db: Database, form: Form, *, yes: bool, dry_run: bool, wait_seconds: float) -> None:
    """Remove the world, in production only once its name was typed, and write what was deleted."""
    from litxdb import seed

    if db.settings.production and not dry_run:
        confirm(f"This deletes the seeded world of {db.endpoint}.", yes=yes, word=db.endpoint.dbname)
    removed = seed.clean(db, dry_run=dry_run, wait_seconds=wait_seconds)
    render.rows(removed, form, columns={"table": "table", "deleted": ("deleted", render.number)})
    total, would = sum(each.deleted for each in removed), "would be " if dry_run else ""
    render.note(
        f"{total:,} seeded rows {would}deleted." if removed else "No world was seeded here: nothing was deleted."
    )


@contextlib.contextmanager
def _watching() -> Iterator[Callable[[str, Loaded | None], None]]:
    """Show what is being filled, and what took long with its rows a second."""
    progress = render.Progress()

    def watch(title: str, loaded: Loaded | None) -> None:
        if loaded is None:
            progress.update(title)
        elif (loaded.seconds or 0) >= LONG:
            progress.finish(title, (loaded.seconds or 0) * 1000, _pace(loaded))

    try:
        yield watch
    finally:
        progress.stop()


def _who(people: int) -> str:
    return "1 person" if people == 1 else f"{people:,} people"


def _pace(loaded: Loaded) -> str:
    """Write how many rows a second a step had."""
    if not loaded.inserted or not loaded.seconds:
        return ""
    return f"{loaded.inserted:,} rows, {loaded.inserted / loaded.seconds:,.0f} rows/s"
