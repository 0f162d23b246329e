"""Which revisions a run applies or reverts; decided before anything is touched."""

from __future__ import annotations

from litxdb.errors import ArgumentInvalid, Refused
from litxdb.migrate.graph import BASE, HEAD, HEADS, Graph, Revision, is_head, names
from litxdb.migrate.state import check_known

Standing = str | tuple[str, ...] | None
"""The revision that a database is at, or several."""


def upgrades(graph: Graph, current: Standing, target: str, steps: int | None = None) -> tuple[Revision, ...]:
    """Return what leads from the current revision to the target, in order, or the first so many `steps` to a head.

    Raises Refused when the database is unknown to the history, or past the target already; ArgumentInvalid for steps
    on the way to a revision, as one of the two would be ignored.
    """
    if steps is not None and not is_head(target):
        raise ArgumentInvalid(
            f"Both a revision ({target}) and a number of revisions ({steps}) say how far to go.",
            "Give one of them; steps go with head, heads or LABEL@head.",
        )
    check_known(graph, current)
    wanted = [revision.id for revision in graph.targets(target)]
    applied = graph.lineage(current)
    way = tuple(revision for revision in graph.lineage(wanted) if revision not in applied)
    if not way and set(wanted) != set(names(current)) and target not in (HEAD, HEADS):
        raise Refused(
            f"The database is at revision {', '.join(names(current))}, past {', '.join(wanted)} already.",
            f"To go back, run litxdb rollback --to {wanted[0]}.",
        )
    return way[:steps]


def downgrades(graph: Graph, current: Standing, steps: int | None, to: str | None) -> tuple[Revision, ...]:
    """Return what must be reverted, newest first: so many steps (one), or all after `to` (`base` for everything).

    Raises Refused when the database is unknown to the history, or has not come that far; ArgumentInvalid for both.
    """
    if steps is not None and to is not None:
        raise ArgumentInvalid(
            f"Both a revision ({to}) and a number of revisions ({steps}) say how far to go back.",
            "Give one of them.",
        )
    check_known(graph, current)
    applied = graph.lineage(current)
    if to is None:
        steps = 1 if steps is None else steps
        if not 1 <= steps <= len(applied):
            raise Refused(f"Cannot go back {steps} revisions: {len(applied)} are applied.", "Run litxdb history.")
        return tuple(reversed(applied[-steps:]))
    target = None if to == BASE else graph.find(to)
    if target is not None and target not in applied:
        raise Refused(
            f"The database is at revision {', '.join(names(current)) or BASE}, which does not include {target.id}.",
            f"To go forward, run litxdb migrate {target.id}.",
        )
    # what other branches have is left alone
    return tuple(
        each for each in reversed(applied) if target is None or (each != target and target in graph.lineage(each.id))
    )


def tips(revisions: tuple[Revision, ...]) -> tuple[str, ...]:
    """Return what a version table names when these revisions are applied: those that no other builds on."""
    built_on = {name for revision in revisions for name in revision.follows + revision.depends_on}
    return tuple(revision.id for revision in revisions if not built_on & {revision.id, *revision.labels})
