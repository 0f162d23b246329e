"""Which revisions a run applies or reverts; decided before anything is touched."""

from __future__ import annotations

from litxdb.errors import Refused
from litxdb.migrate.graph import BASE, Graph, Revision
from litxdb.migrate.state import check_known


def upgrades(graph: Graph, current: str | None, target: str) -> tuple[Revision, ...]:
    """Return what leads from the current revision to the target, in order.

    Raises Refused when the database is unknown to the history, or past the target already.
    """
    check_known(graph, current)
    wanted = graph.find(target)
    applied = graph.lineage(current)
    if wanted in applied and wanted.id != current:
        raise Refused(
            f"The database is at revision {current}, past {wanted.id} already.",
            f"To go back, run litxdb rollback --to {wanted.id}.",
        )
    return tuple(revision for revision in graph.lineage(wanted.id) if revision not in applied)


def downgrades(graph: Graph, current: str | None, steps: int, to: str | None) -> tuple[Revision, ...]:
    """Return what must be reverted, newest first: that many steps, or all after `to` (`base` for everything).

    Raises Refused when the database is unknown to the history, or has not come that far.
    """
    check_known(graph, current)
    applied = graph.lineage(current)
    if to is None:
        if not 1 <= steps <= len(applied):
            raise Refused(f"Cannot go back {steps} revisions: {len(applied)} are applied.", "Run litxdb history.")
        return tuple(reversed(applied[-steps:]))
    kept = () if to == BASE else graph.lineage(graph.find(to).id)
    if not set(kept) <= set(applied):
        raise Refused(
            f"The database is at revision {current or BASE}, which does not include {kept[-1].id}.",
            f"To go forward, run litxdb migrate {kept[-1].id}.",
        )
    return tuple(revision for revision in reversed(applied) if revision not in kept)
