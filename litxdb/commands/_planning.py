"""How migrate --dry-run shows the plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from litxdb import render
from litxdb.commands._linting import SHOWN, told
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


def draw_plan(plan: Plan, form: Form, *, repair: bool) -> None:
    """Write the plan: in JSON a row a revision, else a line a table that it locks, and what lint says about it.

    `repair` is whether the run would mend what an earlier one left.
    """
    if form is Form.json:
        render.rows(plan.rows, form, columns={}, within=plan)
        return
    known = plan.unknown is None
    lines = [line for revision in plan.rows for line in _lines(revision, known=known, repeat=form is Form.csv)]
    render.rows(lines, form, columns=COLUMNS)
    if form is Form.csv and plan.unknown is not None:
        render.note(f"What the revisions do could not be found out. {plan.unknown}")
    if form is Form.table:
        for line in _findings(plan):
            render.line(line)
        for each in plan.leftovers:
            render.line(f"Would {'repair' if repair else 'leave'} what was left behind: {each.statement}")
        if not plan.rows:
            render.line(f"Nothing to do: the database is at {plan.after or 'base'}.")
            return
        count = render.count(len(plan.rows), "revision")
        render.line(f"Would apply {count}: from {plan.before or 'base'} to {plan.after or 'base'}.")
    if plan.stops:
        render.note("With LITXDB_ENV=production litxdb migrate refuses this, unless the errors are accepted by name.")


def announce(plan: Plan) -> None:
    """Write the plan beside the answer, before a run: what each revision locks, and what lint says about it."""
    for revision in plan.rows:
        sent = f": {render.count(len(revision.statements), 'statement')}" if plan.unknown is None else ""
        render.note(f"{revision.revision}  {revision.message}{sent}")
        for lock in revision.locks:
            size = f"{lock.rows:,} rows, {render.size(lock.bytes)}" if lock.rows is not None else "size unknown"
            does = _does(lock)
            render.note(f"    {lock.mode} on {lock.table} ({size})" + (f": {does}" if does else ""))
    for line in _findings(plan):
        render.note(line)


def _findings(plan: Plan) -> Iterator[str]:
    """Write the findings that matter, the accepted ones as such."""
    for finding in [each for each in plan.findings if each.level != "info"][:SHOWN]:
        yield from told(finding)


def _lines(revision: PlannedRevision, *, known: bool, repeat: bool) -> Iterator[dict[str, Any]]:
    first: dict[str, Any] = {
        "revision": revision.revision,
        "message": revision.message,
        "statements": len(revision.statements) if known else None,
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
