"""Replicas and slots on the dashboard, where there are any; judged by doctor's thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from litxdb.doctor.amounts import age, many, size
from litxdb.doctor.checks.queries import replication_lagging as lagging
from litxdb.doctor.checks.queries import slots_holding_wal as holding
from litxdb.doctor.page.parts import shown
from litxdb.serve.overview import Overview
from litxdb.serve.page.charts import meter
from litxdb.serve.page.tiles import Tile

LEVELS = ("crit", "warn", "info", "ok")


def replicas(seen: Overview) -> list[dict[str, Any]]:
    """Return what replicates, and what keeps WAL for somebody."""
    return list(seen.replication.rows) if seen.replication is not None else []


def replication_tile(seen: Overview) -> Iterator[Tile]:
    """Say how many there are, and how far the worst is behind."""
    if rows := replicas(seen):
        counts = {kind: sum(row["kind"] == kind for row in rows) for kind in ("replica", "slot")}
        figure = ", ".join(many(number, kind) for kind, number in counts.items() if number)
        behind = size(max(row["lag_bytes"] or 0 for row in rows))
        below = f"{behind} behind at most" if counts["replica"] else f"{behind} of WAL kept at most"
        level = min((_level(row) for row in rows), key=LEVELS.index)
        yield Tile("Replication", figure, below, level, section="replication")


def write_replication(seen: Overview) -> Iterator[str]:
    """Draw how far each replica is behind, and how much each slot keeps."""
    rows = replicas(seen)
    if not rows:
        return
    yield '<section id="replication" class="card"><h2>Replication <code>litxdb report replication</code></h2>'
    yield '<div class="grid">'
    most = max(1, *(row["lag_bytes"] or 0 for row in rows))
    for row in rows:
        level, behind = _level(row), row["lag_bytes"]
        figure = "no WAL" if behind is None else f"{size(behind)} {'behind' if row['kind'] == 'replica' else 'kept'}"
        yield (
            f"<div><b>{row['kind']} {shown(row['name'])}</b>{meter((behind or 0) / most, level)}</div>"
            f'<div><strong>{figure}</strong><small class="{level}">{shown(_state(row))}</small></div>'
        )
    yield "</div></section>"


def _level(row: dict[str, Any]) -> str:
    """Judge as the checks replication_lagging and slots_holding_wal do.

    >>> base = {"state": "streaming", "lag_bytes": 0, "lag_seconds": 0.1, "wal_status": None, "problem": None}
    >>> [_level({**base, "kind": "replica", "lag_seconds": late}) for late in (None, 31, 301)]
    ['ok', 'warn', 'crit']
    >>> slot = {**base, "kind": "slot", "state": "inactive", "wal_status": "reserved"}
    >>> _level(slot), _level({**slot, "lag_bytes": 2 << 30}), _level({**slot, "wal_status": "lost"})
    ('info', 'warn', 'crit')
    """
    if row["kind"] == "replica":
        found, otherwise = lagging.level(row["lag_seconds"]), "ok"
    else:
        active = row["state"] == "active"
        found = holding.level(row["wal_status"], row["problem"], row["lag_bytes"], active=active)
        otherwise = "ok" if active else "info"
    return found.value if found else otherwise


def _state(row: dict[str, Any]) -> str:
    """Say what it does, for how long already, and what is wrong with it."""
    seconds, state = row["lag_seconds"], row["state"]
    if seconds is not None:
        state = f"{state}, {age(seconds)} late" if row["kind"] == "replica" else f"{state} for {age(seconds)}"
    wal = None if row["wal_status"] in (None, "reserved", "extended") else f"WAL {row['wal_status']}"
    return ", ".join(filter(None, (row["type"], state, wal, row["problem"])))
