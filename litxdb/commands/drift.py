"""Compare the database with its migrations, replayed elsewhere; exit 1 when they differ.

Nothing is changed: --mend prints the SQL that would. What --ignore names by kind and object does not count.

Example: litxdb drift --ignore 'index:public.tmp_*' --mend > mend.sql
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render
from litxdb.commands._options import Directory, Format, ProjectPath, Url
from litxdb.commands._projects import chosen
from litxdb.errors import Exit
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.migrate import Drift

Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore", metavar="KIND:OBJECT", help="Leave these out; * and ? match. Repeatable.", show_default=False
    ),
]
Privileges = Annotated[bool, typer.Option("--privileges", help="Compare what is granted to whom as well.")]
Mend = Annotated[bool, typer.Option("--mend", help="Print only the SQL that mends it; it is not run.")]
LockWait = Annotated[float, typer.Option("--lock-wait", min=0.1, metavar="SECONDS", help="Wait for a locked table.")]


def command(
    url: Url = None,
    ignore: Ignore = None,
    privileges: Privileges = False,
    mend: Mend = False,
    lock_wait: LockWait = 2,
    directory: Directory = None,
    project: ProjectPath = None,
    form: Format = Form.table,
) -> None:
    from litxdb import migrate
    from litxdb.database import Database

    with Database(url, command="drift", notify=render.note) as db, render.step("Drift") as outcome:
        found = migrate.drift(
            db,
            history=migrate.Replay(chosen(db, project, directory)),
            ignore=ignore or (),
            privileges=privileges,
            lock_timeout_seconds=lock_wait,
        )
        outcome.append(f"{found.compared} objects compared at {found.revision}")
    _draw(found, form, mend=mend)
    if found.rows:
        raise typer.Exit(Exit.FINDINGS)


def _draw(found: Drift, form: Form, *, mend: bool) -> None:
    for each in found.notes:
        render.note(each)
    if mend:
        render.line(found.script)
    elif form is not Form.table:
        names = ("kind", "object", "expected", "found", "mend", "decision", "consequences")
        render.rows([row.row() for row in found.rows], form, columns=dict.fromkeys(names, ""), within=found)
    else:
        for row in found.rows:
            more = f", and {row.consequences} more with it" if row.consequences else ""
            render.facts(
                {
                    f"{row.kind}": row.object,
                    "  expected": _brief(row.expected) + more * (row.expected is not None),
                    "  found": _brief(row.found) + more * (row.expected is None),
                }
            )
            render.line("".join(f"  {render.printable(line)}\n" for line in row.mend.splitlines()))
        render.line(found.summary)


def _brief(definition: str | None) -> str:
    """Write a definition in one line."""
    if definition is None:
        return "nothing"
    line = " ".join(definition.split())
    return line if len(line) <= 300 else f"{line[:300]}…"
