"""Build indexes beside live traffic: LitXplore's by name, or one of your own. Safe to interrupt and to run again.

Example: litxdb index create --table sources --columns embedding --using hnsw --opclass vector_l2_ops --memory 2GB
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render
from litxdb.commands._options import DryRun, Format, Url, Wait
from litxdb.commands.index._options import Attempts, LockTimeout, Memory, Workers, describe, progress, tell
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.indexes import Done, PlannedIndex, Request

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help="LitXplore's indexes.", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="All of LitXplore's that are missing or INVALID.")]
OWN = "One of your own"
Table = Annotated[str | None, typer.Option(help="The table, with its schema if need be.", rich_help_panel=OWN)]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        help="Columns or expressions, with desc or nulls last: 'user_id, created_at desc'.", rich_help_panel=OWN
    ),
]
Using = Annotated[str, typer.Option(metavar="METHOD", help="btree, gin, gist, brin, hash, hnsw…", rich_help_panel=OWN)]
Where = Annotated[
    str | None, typer.Option(metavar="SQL", help="Only the rows for which this holds.", rich_help_panel=OWN)
]
Name = Annotated[str | None, typer.Option(help="Its name; made of table and columns by default.", rich_help_panel=OWN)]
Unique = Annotated[bool, typer.Option("--unique", help="Forbid equal keys.", rich_help_panel=OWN)]
Opclass = Annotated[str | None, typer.Option(help="Operator class of the columns.", rich_help_panel=OWN)]
With = Annotated[
    list[str] | None, typer.Option("--with", metavar="NAME=VALUE", help="Storage parameter: m=16.", rich_help_panel=OWN)
]


def command(
    names: Names = None,
    everything: All = False,
    url: Url = None,
    table: Table = None,
    columns: Columns = None,
    using: Using = "btree",
    where: Where = None,
    name: Name = None,
    unique: Unique = False,
    opclass: Opclass = None,
    options: With = None,
    dry_run: DryRun = False,
    memory: Memory = None,
    workers: Workers = None,
    lock_timeout: LockTimeout = 600,
    attempts: Attempts = 3,
    lock_wait: Wait = 60,
    form: Format = Form.table,
) -> None:
    from litxdb import indexes
    from litxdb.database import Database

    if bool(names) + everything + bool(table) != 1 or bool(table) != bool(columns):
        raise typer.BadParameter("Give names of LitXplore's indexes, or --all, or --table and --columns.")
    means = indexes.Means(memory, workers)
    with Database(url, command="index create", notify=render.note) as db:
        wishes: tuple[indexes.Definition | Request, ...]
        if table and columns:
            parameters = dict(map(indexes.parse_option, options or ()))
            own = (tuple(columns), using, where, name, unique, opclass, parameters)
            wishes = (indexes.Request(table, *own),)
        else:
            wishes = indexes.wanted(db, names or ())
        if dry_run:
            _draw_plan(indexes.plan(db, wishes, means), form)
            return
        patience = indexes.Patience(lock_timeout, attempts, lock_wait)
        with progress() as shown:
            done = indexes.create(
                db,
                wishes,
                means,
                patience,
                watch=lambda phase: shown.update(describe(phase)),
                each=lambda one: tell(shown, one) if one.outcome == "built" else None,
            )
    _draw(done, form)


def _draw(done: tuple[Done, ...], form: Form) -> None:
    if form is not Form.table:
        render.rows(done, form, columns={"index": "", "table": "", "outcome": ""})
        return
    built = sum(one.outcome == "built" for one in done)
    render.line(_sum("Built", built, len(done)))


def _draw_plan(planned: tuple[PlannedIndex, ...], form: Form) -> None:
    if form is not Form.table:
        render.rows(planned, form, columns={"index": "", "table": "", "status": ""})
        return
    columns: dict[str, render.Column] = {
        "index": "index",
        "status": "status",
        "rows": "rows",
        "bytes": ("size, about", render.size),
        "reads_bytes": ("reads", render.size),
        "memory_bytes": ("memory", render.size),
        "workers": "workers",
        "basis": "time",
    }
    render.rows([each for each in planned if each.statements], form, columns=columns)
    render.line(_sum("Would build", sum(bool(each.statements) for each in planned), len(planned)))
    for each in planned:
        for statement in each.statements:
            render.line(f"{statement};")
        if each.warning:
            render.note(f"warning: {each.warning}")
    for lock in dict.fromkeys(each.lock for each in planned if each.statements):
        render.note(f"Lock on the table: {lock}.")


def _sum(verb: str, built: int, asked: int) -> str:
    already = f"; {asked - built} already there" if asked > built else ""
    return f"{verb} {built} index{'' if built == 1 else 'es'}{already}." if asked else "Nothing to build."
