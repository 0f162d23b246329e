"""Measure how much of what is nearest an HNSW index finds, and how quickly, for several ef_search.

Searches for rows of the table, exactly and by the index. Exit 1 when the present ef_search finds too little; --set
gives the role the smallest that was enough, for sessions that begin from then on.

Example: litxdb vectors recall --target 0.95 --set --role litxplore
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render
from litxdb.commands._confirming import confirm
from litxdb.commands._options import DryRun, Format, Url, Yes
from litxdb.errors import Exit, Refused
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.vectors import RecallReport

Index = Annotated[str | None, typer.Argument(help="The index; may be left out if it is the only one.")]
Nearest = Annotated[int, typer.Option("--nearest", "-k", min=1, max=1000, metavar="K", help="Recall of so many.")]
Searches = Annotated[int, typer.Option("--searches", min=1, max=1000, metavar="N", help="Rows that are searched for.")]
Tried = Annotated[
    list[int] | None,
    typer.Option(
        "--ef-search", min=1, max=1000, metavar="N", help="Try this one; may be repeated.", show_default=False
    ),
]
Target = Annotated[float, typer.Option("--target", min=0.01, max=1, metavar="N", help="The recall that is enough.")]
Set = Annotated[bool, typer.Option("--set", help="Set the role's hnsw.ef_search to what is recommended.")]
Role = Annotated[
    str | None, typer.Option("--role", metavar="ROLE", help="For --set; your own by default.", show_default=False)
]
COLUMNS: dict[str, render.Column] = {
    "ef_search": ("ef_search", lambda value: "exact" if value is None else str(value)),
    "recall": ("recall", "{:.3f}".format),
    "p50_ms": ("median", render.duration),
    "p95_ms": ("95 %", render.duration),
    "of_exact": ("of exact", "{:.3f}".format),
}


def command(
    index: Index = None,
    url: Url = None,
    nearest: Nearest = 10,
    searches: Searches = 50,
    ef_search: Tried = None,
    target: Target = 0.95,
    set_it: Set = False,
    role: Role = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    form: Format = Form.table,
) -> None:
    from litxdb import vectors
    from litxdb.database import Database

    shown = render.Progress()
    with Database(url, command="vectors recall", notify=render.note) as db:
        try:
            report = vectors.measure_recall(
                db,
                index,
                nearest=nearest,
                searches=searches,
                tried=ef_search or vectors.TRIED,
                target=target,
                progress=shown.update,
            )
        finally:
            shown.stop()
        render.rows(report.rows, form, columns=COLUMNS, within=report)
        render.note(_advice(report))
        if set_it:
            if report.recommended is None:
                raise Refused("There is no ef_search to set: none that was tried is enough.", "Rebuild the index.")
            statement = vectors.set_ef_search(db, report.recommended, role, dry_run=True)
            if not dry_run:
                confirm(f"This changes sessions that begin from now on: {statement}", yes=yes)
                vectors.set_ef_search(db, report.recommended, role)
            render.note(f"{'Would run' if dry_run else 'Done'}: {statement}")
        elif not report.sufficient:
            raise typer.Exit(Exit.FINDINGS)


def _advice(report: RecallReport) -> str:
    about = f"{report.index}, the {report.nearest} nearest of {render.count(report.searches, 'vector')}"
    if report.recommended is None:
        return f"{about}: no ef_search tried reaches {report.target:g}. Try larger ones, or rebuild with a larger m."
    if report.sufficient:
        return f"{about}: the present ef_search of {report.present} reaches {report.target:g}."
    return f"{about}: {report.recommended} reaches {report.target:g}, the present {report.present} does not."
