"""Bringing a database back from a backup: into an empty one, or beside the old one and then in its place."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from litxdb.backup import beside, comparing, foreign
from litxdb.backup.archive import Decrypt
from litxdb.backup.empty import require_empty
from litxdb.backup.manifest import Contents, Manifest
from litxdb.backup.restoring import Watch, restore
from litxdb.backup.results import Backup, Difference, Restored, Restoring
from litxdb.backup.room import require_embedded_room
from litxdb.backup.store import Store
from litxdb.backup.unpacking import Unpacked, unpacked
from litxdb.backup.verifying import restored_contents
from litxdb.database import Database
from litxdb.database.advisory import SCHEMA, acquire, idle_for_long
from litxdb.errors import BackupDamaged

Then = Callable[[Database], object]
TABLES = """
select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
"""


class BackupDiffers(BackupDamaged):
    """What was restored is not what the backup says; `differences` says where."""

    def __init__(self, name: str, differences: tuple[Difference, ...], hint: str) -> None:
        count = f"{len(differences)} difference{'s' if len(differences) > 1 else ''}"
        super().__init__(f"What was restored from {name} is not what was in the database: {count}.", hint)
        self.differences = differences


@dataclass(frozen=True)
class Origin:
    """What is restored: how it is opened, and its manifest if it is a backup of litxdb's."""

    name: str
    open: Callable[[], AbstractContextManager[Unpacked]]
    manifest: Manifest | None = None


def from_store(store: Store, found: Backup, decrypt: Decrypt | None = None) -> Origin:
    """Restore from a backup in a store."""
    return Origin(found.name, lambda: unpacked(store, found.manifest, decrypt), found.manifest)


def from_file(path: Path) -> Origin:
    """Restore from a dump that has no manifest; see foreign.opened() for what it may be."""
    return Origin(str(path), lambda: foreign.opened(path))


def check_empty(db: Database) -> None:
    """Raise Refused, saying what is there, unless one can restore into this database."""
    with contextlib.closing(db.connect(direct=True)) as connection:
        require_empty(connection, db)


def into_empty(
    db: Database,
    origin: Origin,
    *,
    jobs: int | None = None,
    memory_bytes: int | None = None,
    owners: bool = False,
    part_stays: bool = True,
    then: Then = lambda db: None,
    watch: Watch = lambda step: None,
) -> Restored:
    """Restore into this database, which must be empty, and compare it with the manifest.

    `then` is called with the database when it is equal, and before it counts as whole: for what must have been done
    before anybody uses it. If anything fails a part is there, and the schema litxdb_restoring; a warning says so
    unless `part_stays` is false, as it is for callers who drop the database then. Raises BackupDiffers, and what
    restoring.restore() does.
    """
    begun = time.monotonic()
    manifest = origin.manifest
    expected = manifest.contents if manifest else None
    there: Contents | None = None

    def finish() -> None:
        nonlocal there
        if expected:
            there = restored_contents(db, expected, watch)
            if found := comparing.differences(expected, there):
                raise BackupDiffers(origin.name, found, "Restore another backup, and have this one looked at.")
        then(db)

    check_empty(db)  # before an hour is spent on unpacking
    if manifest:
        require_embedded_room(db, manifest)
    watch(Restoring("unpacking", origin.name, 0, 0))
    with origin.open() as dump:
        seconds = restore(
            db,
            dump,
            contents=expected,
            jobs=jobs,
            memory_bytes=memory_bytes,
            owners=owners,
            part_stays=part_stays,
            then=finish,
            watch=watch,
        )
    with contextlib.closing(db.connect(direct=True)) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        (tables,) = cursor.fetchone() or (0,)
        version = connection.info.server_version
    return Restored(
        database=db.direct_endpoint.dbname,
        backup=origin.name,
        compared=bool(expected and there and comparing.comparable(expected, there)),
        tables=len(there.tables) if there else tables,
        rows=there.rows if there else 0,
        restore_seconds=seconds,
        total_seconds=time.monotonic() - begun,
        caveats=_caveats(manifest, there, version, owners=owners),
    )


def _caveats(manifest: Manifest | None, there: Contents | None, version: int, *, owners: bool) -> tuple[str, ...]:
    """Say what of a restored database could not be checked, or is not in it."""
    found = ["it has no manifest: whether all of it is there could not be checked"]
    if manifest and there:
        found = list(comparing.caveats(manifest, there, version, scratch=False))
        if not comparing.comparable(manifest.contents, there):
            found.append("rows were counted, and not compared: they are hashed otherwise here than when it was made")
    if not owners:
        found.append("owners and grants were not restored")
    return tuple(found)


def in_place_of(
    db: Database,
    origin: Origin,
    *,
    jobs: int | None = None,
    memory_bytes: int | None = None,
    owners: bool = False,
    then: Then = lambda db: None,
    watch: Watch = lambda step: None,
) -> Restored:
    """Restore beside this database and put the result in its place, ending whoever is connected to the old one.

    The old one is untouched until both are renamed, in one transaction and only if the new one is equal to the backup
    and `then` has been done in it. It is kept, and nobody can connect to it. Raises what into_empty() does, and Refused
    where the role may create no database or end no session; whatever is raised, the new database is dropped.
    """
    begun = time.monotonic()
    if origin.manifest:
        require_embedded_room(db, origin.manifest)
    with contextlib.ExitStack() as stack:
        session = stack.enter_context(contextlib.closing(db.connect(direct=True, autocommit=True)))
        idle_for_long(session)
        acquire(session, SCHEMA, 0, subject="a migration, backup or restore of this database", notify=db.notify)
        other = stack.enter_context(beside.made(db, "restoring"))
        try:
            done = into_empty(
                other,
                origin,
                jobs=jobs,
                memory_bytes=memory_bytes,
                owners=owners,
                part_stays=False,
                then=then,
                watch=watch,
            )
            beside.copy_properties(db, other)
        except BaseException:
            db.notify(f"{db.direct_endpoint.dbname} was not replaced: it is as it was")
            raise
        caveats = list(done.caveats)
        if (roles := beside.roles_left_out(db)) and not owners:
            caveats[-1] = f"owners and grants were not restored: {', '.join(roles)} had some in the old database"
        session.close()
        kept = beside.swap(db, other)
    return replace(
        done,
        database=db.direct_endpoint.dbname,
        total_seconds=time.monotonic() - begun,
        caveats=tuple(caveats),
        kept=kept.name,
        undo=beside.undo(db, kept),
    )
