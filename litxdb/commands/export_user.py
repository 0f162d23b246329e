"""Export all that belongs to a person, with the proof that nothing was missed; exit code 1 if something was.

A zip to hand over: a page to read, JSON lines for each table, a manifest with checksums. With --format json it is one
document, on stdout unless -o names a file.

Example: litxdb export-user ada@example.org -o ada.zip
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render
from litxdb.commands._options import Url
from litxdb.commands._persons import Key, PolicyFile, Root, Who, chosen, prove, watching
from litxdb.errors import Exit
from litxdb.render import Form as Output

if TYPE_CHECKING:
    from litxdb.privacy import Export

Out = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="The file; by default export-TIME.zip here.", show_default=False
    ),
]
Format = Annotated[str, typer.Option("--format", metavar="zip|json", help="A zip, or one JSON document.")]
Vectors = Annotated[bool, typer.Option("--vectors/--no-vectors", help="Write vectors, as arrays.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file.")]


def command(
    who: Who = None,
    out: Out = None,
    form: Format = "zip",
    vectors: Vectors = True,
    force: Force = False,
    root: Root = None,
    key: Key = None,
    policy: PolicyFile = None,
    url: Url = None,
) -> None:
    from litxdb import privacy
    from litxdb.database import Database

    if form not in tuple(privacy.Form):
        raise typer.BadParameter(f"--format is zip or json, not {form}.")
    name, rules, by_key = chosen(who, root, key, policy)
    request = privacy.Request(name, rules, by_key, privacy.Form(form), vectors)
    with Database(url, command="export-user", notify=render.note) as db:
        if form == "json" and out is None:
            with privacy.passing_file() as file:
                with watching() as watch:
                    done = privacy.export(db, request, file, watch=watch)
                file.seek(0)
                render.copy(file)
        else:
            path = out or Path(f"export-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip")
            with watching() as watch:
                done = privacy.export(db, request, path, force=force, watch=watch)
            _show(done)
    prove(done.manifest.proof, render.line if done.path else render.note)
    if not done.manifest.complete:
        raise typer.Exit(Exit.FINDINGS)


def _show(done: Export) -> None:
    rows = [each for each in done.manifest.tables if each.rows or each.treatment == "excluded"]
    render.rows(rows, Output.table, columns={"table": "table", "treatment": "is", "rows": "rows", "reason": "because"})
    number = render.count(done.manifest.rows, "row")
    render.line(f"{done.path}: {number}, {render.size(done.bytes)} in {render.seconds(done.seconds)}")
