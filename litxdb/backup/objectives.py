"""Backups as rows for a person, and whether they would do: how much would be lost, and how long restoring takes."""

from __future__ import annotations

from datetime import UTC, datetime

from litxdb.backup.results import Attempt, Backup, Inventory, Listed, Objective

RPO_SECONDS = 24 * 3600
RTO_SECONDS = 3600
"""LitXplore's objectives for disaster recovery: less than a day lost, back within the hour."""


def listed(backup: Backup, now: datetime | None = None) -> Listed:
    """Sum a backup up."""
    manifest, proof = backup.manifest, backup.proof
    return Listed(
        name=backup.name,
        database=manifest.source.database,
        place=manifest.source.place,
        at=manifest.snapshot_at,
        age_seconds=_age(backup, now or datetime.now(UTC)),
        bytes=manifest.archive.bytes,
        tables=len(manifest.contents.tables),
        rows=manifest.contents.rows,
        revision=", ".join(manifest.contents.schema.revisions) or None,
        verified=backup.verified,
        verified_at=proof.at if proof else None,
        restore_seconds=proof.restore_seconds if proof else None,
        encrypted=bool(manifest.archive.recipients),
        server_version=manifest.source.server_version,
        where=backup.where,
    )


def objectives(found: Inventory, now: datetime | None = None) -> tuple[Objective, ...]:
    """Measure each database's backups against the objectives; what was never restored counts for nothing."""
    newest: dict[str, Backup] = {}
    verified: dict[str, Backup] = {}
    for backup in found.backups:
        newest.setdefault(backup.manifest.source.series, backup)
        if backup.verified:
            verified.setdefault(backup.manifest.source.series, backup)
    return tuple(_objective(each, verified.get(series), now or datetime.now(UTC)) for series, each in newest.items())


def last_failures(found: Inventory) -> tuple[Attempt, ...]:
    """Return the attempts that began after their database's newest backup: its last run failed, or is under way."""
    return tuple(
        attempt
        for attempt in found.attempts
        if not any(
            backup.manifest.source.database == attempt.database and backup.manifest.started_at > attempt.started_at
            for backup in found.backups
        )
    )


def _objective(newest: Backup, verified: Backup | None, now: datetime) -> Objective:
    source = newest.manifest.source
    lost = _age(verified, now) if verified else None
    takes = verified.proof.restore_seconds if verified and verified.proof else None
    return Objective(
        database=source.database,
        place=source.place,
        verified=verified.name if verified else None,
        rpo_seconds=lost,
        rpo_ok=lost is not None and lost <= RPO_SECONDS,
        rto_seconds=takes,
        rto_ok=takes is not None and takes <= RTO_SECONDS,
    )


def _age(backup: Backup, now: datetime) -> float:
    return max(0.0, (now - backup.manifest.snapshot_at).total_seconds())
