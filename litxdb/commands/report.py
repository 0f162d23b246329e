"""Run a report: indexes, bloat, vacuum, sequences, locks and the like; --list names them.

Example: litxdb report unused-indexes --format csv
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Format, Limit, Url
from litxdb.commands._reporting import draw
from litxdb.render import Form

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Which one.", show_default=False)]
List = Annotated[bool, typer.Option("--list", help="List the reports.")]
About = Annotated[
    bool, typer.Option("--about", help="Say what a report means, and each of its columns; nothing is run.")
]


def command(
    name: Name = None,
    url: Url = None,
    list_: List = False,
    about: About = False,
    limit: Limit = None,
    form: Format = Form.table,
) -> None:
    from litxdb import reports
    from litxdb.database import Database

    if list_ or name is None:
        render.rows(reports.titles(), form, columns={"name": "name", "title": "what it shows"})
        return
    if about:
        title, columns = reports.described(name)
        render.line(f"{title.title}\n\n{title.about}\n")
        render.facts({f"{column.name} ({column.type})": column.meaning for column in columns})
        return
    with Database(url, command="report", notify=render.note) as db:
        report = reports.run(db, name)
    draw(report, form, limit)
