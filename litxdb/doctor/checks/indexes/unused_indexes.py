"""Indexes that no query has used

Each write maintains them, each backup and restore builds them, and they take room that others need. But an index may be
for a report once a quarter, or for queries on a standby, which counts its own scans: look there first. Indexes of
constraints, of the replica identity, for foreign keys, and those that LitXplore's schema demands are left alone. Counts
begin anew when the server loses its statistics; litxdb's snapshots (from cron, every hour) remember them for longer.
https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW
"""

from __future__ import annotations

from litxdb.catalog import ForeignKeys, Index
from litxdb.doctor import spare_indexes
from litxdb.doctor.amounts import age, size
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.litxplore import is_own
from litxdb.doctor.needs import COLD_SECONDS
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.snapshots import History

WARN_SECONDS = 30 * 86400

CHECK = Declaration(
    threshold="no scan and a mebibyte or more: info, after 30 days warn (dasha, pgdoctor; pgbot's floor of 15 min)",
    remedy="litxdb index drop INDEX",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE on the table",
)


def judge(
    *, indexes: list[Index], foreign_keys: ForeignKeys, index_usage: Rows, server: Server, history: History
) -> Judgement:
    remembered = Remembered(server, history)
    scans = {row.oid: row.scans for row in index_usage}
    keys: dict[int, list[frozenset[int]]] = {}
    for key in foreign_keys.keys:
        keys.setdefault(key.table_oid, []).append(frozenset(key.columns))
    examined, cold, defects = 0, 0, []
    for index in indexes:
        if index.oid not in scans or not _for_queries_alone(index, keys.get(index.table_oid, ())):
            continue
        used, seconds = remembered.scans(index.oid, scans[index.oid])
        if seconds < COLD_SECONDS:
            cold += 1
            continue
        examined += 1
        if not used:
            level = Status.WARN if seconds >= WARN_SECONDS else Status.INFO
            measured = f"no scan in {age(seconds)}, {size(index.bytes)}"
            remedy, fix = spare_indexes.drop(index, f"drop index {index.name}")
            defects.append(Defect(level, index.name, measured, remedy, fix, value=index.bytes))
    if cold and not examined:
        raise Skip(Reason.COLD_STATISTICS, "Scans have been counted for less than 15 min.", "litxdb snapshot")
    return Judgement(examined, tuple(sorted(defects, key=lambda defect: -(defect.value or 0))))


def _for_queries_alone(index: Index, keys: list[frozenset[int]] | tuple[()]) -> bool:
    """Tell whether an index is there to be scanned, and not to keep something true or to be quick about deletions."""
    keeps = index.is_unique or index.is_exclusion or index.is_replica_identity or index.is_clustered
    serves = any(key == frozenset(index.keys[: len(key)]) for key in keys)
    return index.is_usable and not (keeps or serves or is_own(index.name, index.table))


class Remembered:
    """Scans over the longest time that is known of: the server's own statistics, or litxdb's snapshots."""

    def __init__(self, server: Server, history: History) -> None:
        self._seconds = server.window_seconds
        self._newest = history.newest

    def scans(self, oid: int, now: int) -> tuple[int, float]:
        """Return an index's scans and the seconds in which they were counted; `now` is the server's count."""
        figures = self._newest.indexes.get(oid) if self._newest else None
        if self._newest is None or figures is None:
            return now, self._seconds
        watched = self._newest.observed_seconds - figures.observed_before
        return max(now, figures.scans), max(self._seconds, watched)
