"""What commands of other parts want of backups: rows to rehearse on, and something to go back to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb import render
from litxdb.commands._stores import chosen
from litxdb.errors import ArgumentInvalid, LitxdbError, Refused
from litxdb.settings import Settings

if TYPE_CHECKING:
    from litxdb.backup import Backup
    from litxdb.database import Database
    from litxdb.migrate import Project
    from litxdb.migrate.rehearsal import Filled

FRESH = timedelta(hours=1)
"""How old a backup may be that one would go back to: what was written since is lost."""


def rows_of(
    name: str, store: str | None, identity: Path | None, target: Database | None, project: Project, settings: Settings
) -> Callable[[Database], Sequence[Filled]]:
    """Return what fills a rehearsal's copy of the target with a backup's rows.

    Raises Refused if the backup is of another revision than the target: its rows are of other tables.
    """
    from litxdb import backup, migrate
    from litxdb.migrate.rehearsal import Filled

    if target is None:
        raise ArgumentInvalid("--from needs a database: its revision says where to begin.", "Give --against.")
    place = chosen(store, settings)
    found = backup.inventory(place)
    one = backup.find(found, found.backups[0].name if name == "latest" and found.backups else name)
    here, there = migrate.status(target, project=project).current, ", ".join(one.manifest.contents.schema.revisions)
    if (here or "") != there:
        raise Refused(
            f"{one.name} is of revision {there or 'none'}, and the database is at {here or 'none'}.",
            "Take a backup now, and rehearse on that.",
        )
    decrypt = backup.decryption(identity or settings.backup_identity, one.manifest.archive)
    render.note(f"with the rows of {one.name}, of {one.manifest.snapshot_at:%Y-%m-%d %H:%M} UTC")

    def fill(copy: Database) -> Sequence[Filled]:
        version = f"{project.version_schema or 'public'} {project.version_table}"
        with backup.unpacked(place, one.manifest, decrypt) as dump:
            # one process: what several write to one stderr runs together, and the refused row is the finding here
            counts = backup.restore_rows(copy, dump, leave=[version], jobs=1)
        return [Filled(table, rows, rows) for table, rows in counts.items()]

    return fill


def fresh_backup(db: Database, revision: str | None) -> Backup | None:
    """Return a verified backup of this database at this revision that is not older than FRESH, if there is one.

    A store that cannot be read is as good as none, and said.
    """
    from litxdb import backup
    from litxdb.backup.preparing import place

    if db.settings.backup_store is None:
        return None
    try:
        found = backup.inventory(chosen(None, db.settings))
    except LitxdbError as error:
        render.note(f"warning: backups could not be looked at: {error.message}")
        return None
    mine = (db.direct_endpoint.dbname, place(db))
    for each in found.backups:
        source = each.manifest.source
        fitting = (source.database, source.place) == mine and datetime.now(UTC) - each.manifest.snapshot_at < FRESH
        if each.verified and fitting and ", ".join(each.manifest.contents.schema.revisions) == (revision or ""):
            return each
    return None
