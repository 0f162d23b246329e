"""Run the pending revisions on a copy of the database: who would wait, how long, and whether there is a way back.

Example: litxdb rehearse --against "$DATABASE_URL"

The copy is made on the embedded server, with made-up rows as many as the database's statistics count, or with the rows
of a backup (--from). The database itself is only read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from litxdb import render
from litxdb.commands._backed import rows_of
from litxdb.commands._migrating import watching
from litxdb.commands._options import Directory, Format, Identity, ProjectPath, StorePlace
from litxdb.commands._projects import chosen
from litxdb.errors import Exit
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.migrate import Rehearsal

SQL_SHOWN = 60

Target = Annotated[str, typer.Argument(metavar="[REVISION]", help="Up to here: a revision, its beginning, or head.")]
Against = Annotated[
    str | None,
    typer.Option(
        "--against",
        "--url",
        metavar="URL",
        help="The database that is stood in for; DATABASE_URL by default, else none: all revisions, from empty.",
        show_default=False,
    ),
]
Rows = Annotated[int, typer.Option("--rows", min=0, metavar="N", help="At most so many rows a table.")]
MaxBlock = Annotated[
    float, typer.Option("--max-block", min=0, metavar="SECONDS", help="Exit 1 if anybody would wait longer.")
]

Accept = Annotated[
    list[str] | None,
    typer.Option(
        "--accept",
        metavar="RULE",
        help="missing-downgrade or failing-downgrade: do not count revisions without a way back.",
        show_default=False,
    ),
]


From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="BACKUP", help="Rows of this backup, or latest, not made-up ones.", show_default=False
    ),
]


def command(
    revision: Target = "head",
    against: Against = None,
    rows: Rows = 50_000,
    max_block: MaxBlock = 1,
    accept: Accept = None,
    source: From = None,
    store: StorePlace = None,
    identity: Identity = None,
    directory: Directory = None,
    project: ProjectPath = None,
    form: Format = Form.table,
) -> None:
    from litxdb import local, migrate
    from litxdb.database import Database
    from litxdb.settings import Settings

    settings = Settings.load(against)
    with Database(settings=settings, command="rehearse", notify=render.note) as db, watching() as watch:
        subject = chosen(db, project, directory)
        target = db if settings.url or settings.direct_url or settings.names_a_place or local.exists(settings) else None
        done = migrate.rehearse(
            target,
            revision,
            settings=settings,
            project=subject,
            rows=rows,
            max_block_seconds=max_block,
            accept=accept or (),
            fill=None if source is None else rows_of(source, store, identity, target, subject, settings),
            watch=watch,
        )
    _draw(done, form)
    if not done.ok:
        raise typer.Exit(Exit.FINDINGS)


def _draw(done: Rehearsal, form: Form) -> None:
    """Write the verdict, then what it rests on: the statements that lock or work, the way back, what is not proven."""
    shown = [row for row in done.rows if form is not Form.table or row.locks or row.milliseconds > 50]
    if form is not Form.table:
        render.rows(done.rows, form, columns=dict.fromkeys(("revision", "number", "sql"), ""), within=done)
        return
    render.line(done.verdict)
    waits = [{**render.record(hold), "cause": hold.cause.sql} for hold in done.holds if hold.blocks]
    if waits:
        times = {"milliseconds": ("here", render.duration), "high": ("at most there", render.duration)}
        render.rows(
            waits,
            form,
            columns={"revision": "revision", "table": "table", "lock": "lock", "blocks": "blocks", **times,
                     "cause": ("mostly", _shortened)},
        )  # fmt: skip
    statements = [{**render.record(row), "effects": row} for row in shown]
    render.rows(
        statements,
        form,
        columns={"revision": "revision", "number": "#", "sql": ("statement", _shortened),
                 "milliseconds": ("time", render.duration), "wal_bytes": ("WAL", render.size),
                 "effects": ("locks and work", _effects)},
    )  # fmt: skip
    for trace in done.traces:
        accepted = f" Accepted: {trace.accepted}." if trace.accepted else ""
        render.line(f"{trace.revision or 'All in one go:'} {trace.message}.{accepted}")
        render.rows(
            trace.differences,
            form,
            columns={"kind": "kind", "object": "object", "before": "should be", "after": "is"},
        )
    for caveat in done.caveats:
        render.line(f"Not proven: {caveat}")


def _shortened(sql: str) -> str:
    words = render.printable(" ".join(sql.split()))
    return words if len(words) <= SQL_SHOWN else f"{words[: SQL_SHOWN - 1]}…"


def _effects(row: Any) -> str:
    """Say what a statement did, as in `AccessExclusive on public.users, rewrite`."""
    parts = [f"{lock.removesuffix('Lock')} on {table}" for table, lock in row.locks.items()]
    parts += [f"rewrites {', '.join(row.rewrites)}"] * bool(row.rewrites)
    parts += [f"reads through {', '.join(row.scans)}"] * bool(row.scans)
    parts += [f"builds {', '.join(indexes)}" for indexes in row.builds.values()]
    return render.printable(", ".join(parts))
