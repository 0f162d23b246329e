"""Deleting old backups: only by the rules, only what litxdb made, and never the last good one."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from litxdb.backup import naming
from litxdb.backup.attempts import STALE
from litxdb.backup.inventory import inventory
from litxdb.backup.naming import Kind
from litxdb.backup.results import Attempt, Backup, Decision, Inventory, Pruning, Withheld
from litxdb.backup.retention import Point, Retention, decide
from litxdb.backup.store import Store, Stored
from litxdb.errors import ArgumentInvalid, StoreUnusable

TOMBSTONE = b"litxdb prune is deleting this backup.\n"
ORDER = (Kind.manifest, Kind.archive, Kind.proof, Kind.attempt)
"""Without its manifest it is no backup. The tombstone goes last: as long as it is there the rest will be deleted."""


def prune(
    store: Store,
    retention: Retention,
    *,
    dry_run: bool = False,
    agreed: Pruning | None = None,
    now: datetime | None = None,
    watch: Callable[[str], None] = lambda name: None,
) -> Pruning:
    """Delete the backups that the rules do not keep, and return every decision.

    Databases are judged one by one; where the last run failed, or one is under way, nothing is deleted. Of what an
    earlier call with `dry_run` returned as `agreed`, nothing more than that goes. `watch` is told each name before it
    is deleted.

    Whenever it is interrupted, each backup is there whole or is listed no more; the next run deletes what is left of
    those. Raises LockHeld, StoreUnusable, ArgumentInvalid.
    """
    if dry_run:
        return plan(inventory(store), retention, now)
    with store.lock("prune", "Another litxdb prune"):
        resumed = _resume(store, watch)
        files, chosen = _files(store), plan(inventory(store), retention, now)
        wanted = {each.name for each in (agreed or chosen).doomed}
        deleted = [each.name for each in chosen.doomed if each.name in wanted]
        for name in reversed(deleted):  # the oldest first
            watch(name)
            with contextlib.suppress(StoreUnusable):  # a full disk takes no mark, and is to be pruned
                store.replace(naming.tombstone_file(name), TOMBSTONE)
            _delete(store, name, files[name])
    return replace(chosen, deleted=tuple(deleted), resumed=resumed)


def plan(found: Inventory, retention: Retention, now: datetime | None = None) -> Pruning:
    """Decide on every backup of a store; of damaged ones nothing is known, so they stay and count for nothing.

    Raises ArgumentInvalid if there is no rule: that nobody said what to keep is no reason to delete.
    """
    if not retention.rules:
        raise ArgumentInvalid("No rule says what to keep.", "Add --keep-daily 7 --keep-weekly 5, for instance.")
    now = now or datetime.now(UTC)
    series: dict[str, list[Backup]] = defaultdict(list)
    for backup in found.backups:
        series[backup.manifest.source.series].append(backup)
    decisions: list[Decision] = []
    withheld: list[Withheld] = []
    for backups in series.values():
        hindrance = _hindrance(backups, found.attempts)
        withheld += [hindrance] if hindrance else []
        decisions += _decisions(backups, retention, now, hindrance)
    return Pruning(found.where, tuple(decisions), tuple(withheld), found.damaged)


def _hindrance(backups: list[Backup], attempts: Iterable[Attempt]) -> Withheld | None:
    """Say why nothing of these may be deleted now.

    A run that succeeds clears away the records of those before it, so any record means that the last one did not: this
    asks no clock.
    """
    source = backups[0].manifest.source
    for attempt in attempts:
        if (attempt.database, attempt.place) == (source.database, source.place):
            became = f"failed: {attempt.error}" if attempt.error else "is under way, or was killed"
            reason = f"the backup that began at {attempt.started_at:%Y-%m-%d %H:%M} UTC {became}"
            return Withheld(source.database, source.place, reason.rstrip("."), failed=True)
    if any(backup.verified for backup in backups):
        return None
    return Withheld(source.database, source.place, "none of its backups is verified", failed=False)


def _decisions(
    backups: list[Backup], retention: Retention, now: datetime, hindrance: Withheld | None
) -> list[Decision]:
    of = {backup.name: backup for backup in backups}
    points = [
        Point(backup.name, backup.manifest.snapshot_at, backup.manifest.started_at, backup.verified)
        for backup in backups
    ]
    return [
        Decision(
            name=verdict.name,
            database=(manifest := of[verdict.name].manifest).source.database,
            place=manifest.source.place,
            at=manifest.snapshot_at,
            bytes=manifest.archive.bytes,
            verified=of[verdict.name].verified,
            keep=verdict.keep or bool(hindrance),
            reasons=("nothing is deleted now",) if hindrance and not verdict.keep else verdict.reasons,
        )
        for verdict in decide(points, retention, now)
    ]


def _resume(store: Store, watch: Callable[[str], None]) -> tuple[str, ...]:
    """Finish what an earlier run began; a backup that still has its manifest is whole, and is judged anew.

    Its mark may be another run's, where there are no locks, and stays for a day.
    """
    for left in store.leftovers():
        if (known := naming.parse(left.file)) and known.kind is Kind.tombstone:
            store.remove(left.file)  # killed while it wrote the mark: nothing else was touched yet
    resumed = []
    for name, kinds in _files(store).items():
        marks = kinds.get(Kind.tombstone, ())
        if Kind.manifest in kinds:
            if any(mark.modified < datetime.now(UTC) - STALE for mark in marks):
                store.remove(naming.tombstone_file(name))
        elif marks or set(kinds) == {Kind.proof}:  # or verify came too late
            watch(name)
            _delete(store, name, kinds)
            resumed.append(name)
    return tuple(resumed)


def _delete(store: Store, name: str, kinds: Mapping[Kind, list[Stored]]) -> None:
    for kind in ORDER:
        for each in kinds.get(kind, ()):
            store.remove(each.file)
    store.remove(naming.tombstone_file(name))


def _files(store: Store) -> Mapping[str, Mapping[Kind, list[Stored]]]:
    """List the files that litxdb made, by backup and kind."""
    files: dict[str, dict[Kind, list[Stored]]] = defaultdict(lambda: defaultdict(list))
    for each in store.list():
        if known := naming.parse(each.file):
            files[known.backup][known.kind].append(each)
    return files
