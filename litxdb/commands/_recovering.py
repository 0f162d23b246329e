"""What `litxdb restore` says before it does anything, and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb import render
from litxdb.commands._confirming import confirm
from litxdb.commands._stores import chosen
from litxdb.errors import ConfigurationInvalid
from litxdb.render import Form
from litxdb.settings import Settings

if TYPE_CHECKING:
    from litxdb.backup import Origin, Restored, Store
    from litxdb.database import Database
    from litxdb.ownership import Policy

LATEST = "latest"


def find_origin(db: Database, name: str, store: str | None, identity: Path | None) -> Origin:
    """Find what is to be restored there: a file or a directory if there is one, else a backup in the store."""
    from litxdb import backup
    from litxdb.backup import foreign

    identity = identity or db.settings.backup_identity
    path = Path(name)
    if store is None and ("/" in name or path.exists()):
        if not path.exists():
            raise ConfigurationInvalid(f"There is no {path}.", "Name a file, or a backup of: litxdb backups")
        if (known := foreign.store_of(path)) is None:
            return backup.from_file(path)
        place, name = known
    else:
        place = chosen(store, db.settings)
    found = backup.inventory(place)
    for damaged in backup.newer_damage(found) if name == LATEST else ():
        render.note(f"warning: there is a newer one, damaged: {damaged.file}: {damaged.reason}")
    one = backup.latest(found, db.direct_endpoint.dbname) if name == LATEST else backup.find(found, name)
    return backup.from_store(place, one, backup.decryption(identity, one.manifest.archive))


def erasing_again(
    db: Database, name: str, store: str | None, policy: Policy | None, *, replaced: bool
) -> Callable[[Database], object]:
    """Return what erases those again, in the restored database, who were erased since the backup was made.

    Without a `policy` it is LitXplore's. The ledger and its key are looked at now: not after an hour of restoring.
    """
    from litxdb import ownership, privacy

    rules = policy or ownership.litxplore()
    entries = privacy.known_erasures(db, _find_store(name, store, db.settings), replaced=replaced)
    if not entries:
        return lambda restored: None
    key = privacy.ledger_key(db.settings, make=False)
    privacy.require_key(entries, key)

    def erase(restored: Database) -> None:
        done = privacy.replay(restored, entries, key, policy=rules)
        render.note(f"erased again: {len(done)} of those whom the ledger has ({len(entries)}) were in the backup")

    return erase


def _find_store(name: str, store: str | None, settings: Settings) -> Store | None:
    """Return the store that has the backup, else the one that is configured, for the ledger beside its backups."""
    from litxdb.backup import foreign

    path = Path(name)
    if store is None and path.exists():
        known = foreign.store_of(path)
        if known is not None:
            return known[0]
        if settings.backup_store is None:
            render.note("warning: no backup store is known, and so no ledger: people erased since may be in this dump.")
            return None
    return chosen(store, settings)


def describe_target(db: Database, origin: Origin, *, replace: bool, owners: bool) -> str:
    """Say in whose place the backup will go, who is connected there, and who would lose what."""
    from litxdb.backup import beside, check_empty

    what = origin.name
    if manifest := origin.manifest:
        tables, at = len(manifest.contents.tables), f"{manifest.snapshot_at:%Y-%m-%d %H:%M} UTC"
        what += f" ({render.count(tables, 'table')}, {render.count(manifest.contents.rows, 'row')}, of {at})"
    if not replace:
        check_empty(db)
        return f"This restores {what} into {db.direct_endpoint}, which is empty."
    lines = [
        f"This puts {what} in the place of {db.direct_endpoint}, which is kept under another name.",
        "What was written there since that backup will be missing.",
    ]
    found = beside.sessions(db)
    if found:
        lines.append(f"{render.count(len(found), 'session')} there, and whatever else connects, will be ended:")
        lines += [f"  pid {each.pid} {each.role or ''} {each.application} {each.client or ''} {each.state or ''}"
                  for each in found]  # fmt: skip
    if not owners and (roles := beside.roles_left_out(db)):
        lines.append(f"Without --owners, {', '.join(roles)} will have nothing there: grant it again, or add --owners.")
    return "\n".join(lines)


def drop_kept(db: Database, form: Form, *, dry_run: bool, yes: bool) -> None:
    """Drop what restores of this database have replaced and kept, after it has been shown."""
    from litxdb.backup import beside

    found = beside.kept(db)
    if found and not dry_run:
        names = "".join(f"\n  {each.name}, replaced {each.replaced_at:%Y-%m-%d %H:%M} UTC" for each in found)
        word = db.direct_endpoint.dbname if db.settings.production else None
        confirm(f"This drops for good what restores have replaced on {db.direct_endpoint}:{names}", yes=yes, word=word)
        beside.drop_kept(db, found)
    columns: dict[str, render.Column] = {
        "name": "would drop" if dry_run else "dropped",
        "replaced_at": "replaced at",
        "bytes": ("size", render.size),
    }
    render.rows(found, form, columns=columns)
    if not found and form is Form.table:
        render.line("Nothing has been kept.")


def draw(done: Restored, form: Form) -> None:
    """Write what was restored, how well that is known, and how it is undone."""
    if form is not Form.table:
        render.rows([done], form, columns={})
        return
    rows = f", {render.count(done.rows, 'row')}" if done.compared else ""
    took = render.seconds(done.total_seconds)
    render.line(f"{done.database}: restored from {done.backup} in {took}, {render.count(done.tables, 'table')}{rows}")
    if done.compared:
        render.line("Everything was compared with the backup's manifest, and is equal.")
    for caveat in done.caveats:
        render.note(f"note: {caveat}")
    if done.kept:
        render.line(f"The old database is kept as {done.kept}. To put it back, run in another database:")
        for statement in done.undo:
            render.line(f"  {statement}")
        render.line("To drop it: litxdb restore --drop-old --into …")
