"""What is in a store: whole backups with their proofs, damaged ones by name, and runs that came to nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from litxdb.backup import naming, records
from litxdb.backup.manifest import Manifest
from litxdb.backup.naming import Kind
from litxdb.backup.results import Attempt, Backup, Damaged, Inventory, Proof
from litxdb.backup.store import Store
from litxdb.errors import BackupDamaged, ConfigurationInvalid

RESCUE = (
    "Where only a manifest is damaged, the archive may be whole: copy it into another directory and restore that file."
)
"""What is left to somebody who has no other backup."""
RECORDS = (Kind.manifest, Kind.proof, Kind.attempt)


def inventory(store: Store) -> Inventory:
    """Read the store. A backup is listed if its manifest is intact and its archive has the size that this says.

    Whoever wants to know more about an archive than its size must read it: reading.raw().
    """
    sizes = {each.file: each.bytes for each in store.list()}
    files: dict[str, dict[Kind, list[str]]] = defaultdict(lambda: defaultdict(list))
    for file in sorted(sizes):
        if known := naming.parse(file):
            files[known.backup][known.kind].append(file)
    texts = store.read([file for kinds in files.values() for kind in RECORDS for file in kinds[kind]], records.LARGEST)
    backups: list[Backup] = []
    damaged: list[Damaged] = []
    attempts: list[Attempt] = []
    for name, kinds in files.items():
        backup = None
        if kinds[Kind.manifest]:
            backup = _backup(store.where, texts, name, kinds, sizes, damaged)
        elif kinds[Kind.tombstone]:
            continue  # prune was killed while it deleted this one; the next run goes on
        elif kinds[Kind.attempt]:
            attempts += _decode(texts, kinds[Kind.attempt], Attempt, damaged)
        elif kinds[Kind.archive]:
            damaged.append(Damaged(kinds[Kind.archive][0], "its manifest is missing"))
        if backup:
            backups.append(backup)
    backups.sort(key=lambda backup: (backup.manifest.snapshot_at, backup.name), reverse=True)
    attempts.sort(key=lambda attempt: attempt.started_at, reverse=True)
    return Inventory(store.where, tuple(backups), tuple(damaged), tuple(attempts))


def find(found: Inventory, name: str) -> Backup:
    """Return the backup of this name, or the only one whose name begins so. Raises ConfigurationInvalid."""
    fitting = [each for each in found.backups if each.name == name] or [
        each for each in found.backups if each.name.startswith(name)
    ]
    if len(fitting) == 1:
        return fitting[0]
    for each in found.damaged:
        if naming.parse(each.file) and each.file.startswith(f"{name}."):
            raise BackupDamaged(
                f"The backup {name} is damaged: {each.file}: {each.reason}.", f"Take another one. {RESCUE}"
            )
    raise ConfigurationInvalid(
        f"There is no backup {name} in {found.where}."
        if not fitting
        else f"{len(fitting)} backups in {found.where} begin with {name}.",
        "List them with: litxdb backups",
    )


def latest(found: Inventory, database: str) -> Backup:
    """Return the newest backup; in a store with backups of several databases that of the one with this name.

    Raises ConfigurationInvalid where there is none, or it cannot be told which is meant.
    """
    if not found.backups:
        hint = RESCUE if found.damaged else "Name another store, or a file."
        raise ConfigurationInvalid(f"There is no whole backup in {found.where}.", hint)
    names = sorted({each.manifest.source.database for each in found.backups})
    for each in found.backups:
        if len(names) == 1 or each.manifest.source.database == database:
            return each
    raise ConfigurationInvalid(
        f"{found.where} has backups of {', '.join(names)}, and none of {database}: which is meant is not clear.",
        "Name one of those that are listed by: litxdb backups",
    )


def newer_damage(found: Inventory) -> tuple[Damaged, ...]:
    """List what is damaged of backups that began after the newest whole one: whoever wants the latest should know."""
    newest = naming.began(found.backups[0].name) if found.backups else ""
    return tuple(
        each for each in found.damaged if (known := naming.parse(each.file)) and naming.began(known.backup) > newest
    )


def _backup(
    where: str,
    texts: Mapping[str, bytes],
    name: str,
    kinds: Mapping[Kind, list[str]],
    sizes: Mapping[str, int],
    damaged: list[Damaged],
) -> Backup | None:
    for manifest in _decode(texts, kinds[Kind.manifest], Manifest, damaged):
        archive, file = manifest.archive, naming.manifest_file(name)
        if manifest.name != name or naming.parse(archive.file) != naming.FileName(name, Kind.archive):
            damaged.append(Damaged(file, f"it is the manifest of {manifest.name}"))
        elif archive.file not in sizes:
            damaged.append(Damaged(archive.file, "it is missing"))
        elif sizes[archive.file] != archive.bytes:
            damaged.append(Damaged(archive.file, f"it has {sizes[archive.file]} bytes instead of {archive.bytes}"))
        else:
            proofs = sorted(_decode(texts, kinds[Kind.proof], Proof, damaged), key=_when)
            fitting = tuple(each for each in proofs if each.archive_sha256 == archive.sha256 and each.backup == name)
            return Backup(manifest, fitting, f"{where.rstrip('/')}/{archive.file}")
    return None


def _when(proof: Proof) -> datetime:
    return proof.at


def _decode(
    texts: Mapping[str, bytes], files: list[str], kind: type[records.Record], damaged: list[Damaged]
) -> list[records.Record]:
    """Make records of what was read; what is missing was removed meanwhile."""
    found = []
    for file in files:
        if file in texts:
            try:
                found.append(records.decode(texts[file], kind, file))
            except BackupDamaged as error:
                damaged.append(Damaged(file, error.message.removeprefix(f"{file} ").removesuffix(".")))
    return found
