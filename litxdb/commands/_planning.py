"""How migrate --dry-run shows the plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from litxdb import render
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.migrate import Plan, PlannedRevision, TableLock

COLUMNS: dict[str, render.Column] = {
    "revision": "revision",
    "message": "message",
    "statements": "statements",
    "table": "table",
    "lock": "lock",
    "does": "does to it",
    "rows": "rows",
    "bytes": ("size", render.size),
}


def draw_plan(plan: Plan, form: Form) -> None:
    """Write the plan: in JSON a row a revision, else a line a table that it locks."""
    if plan.unknown is not None:
        render.note(f"What the revisions do could not be found out. {plan.unknown}")
    if form is Form.json:
        render.rows(plan.rows, form, columns={}, within=plan)
        return
    lines = [line for revision in plan.rows for line in _lines(revision, repeat=form is Form.csv)]
    render.rows(lines, form, columns=COLUMNS)
    if form is Form.table:
        if not plan.rows:
            render.line(f"Nothing to do: the database is at {plan.after or 'base'}.")
            return
        count = f"{len(plan.rows)} revision{'s' if len(plan.rows) > 1 else ''}"
        render.line(f"Would apply {count}: from {plan.before or 'base'} to {plan.after or 'base'}.")


def _lines(revision: PlannedRevision, *, repeat: bool) -> Iterator[dict[str, Any]]:
    first: dict[str, Any] = {
        "revision": revision.revision,
        "message": revision.message,
        "statements": len(revision.statements),
    }
    blank = first if repeat else dict.fromkeys(first)
    if not revision.locks:
        yield {**first, **dict.fromkeys(("table", "lock", "does", "rows", "bytes"))}
    for index, lock in enumerate(revision.locks):
        about = {"table": lock.table, "lock": lock.mode, "does": _does(lock), "rows": lock.rows, "bytes": lock.bytes}
        yield {**(blank if index else first), **about}


def _does(lock: TableLock) -> str:
    """Say in a few words what happens to the table under the lock."""
    done = ("rewrites it",) if lock.rewritten else ("reads it through",) if lock.scanned else ()
    builds = f"builds {len(lock.built)} index{'es' if len(lock.built) > 1 else ''}"
    return ", ".join((*done, builds) if lock.built else done)
