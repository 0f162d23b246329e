"""Test the connection step by step: name, TCP, TLS, log-in, query.

Example: litxdb ping --wait 60 && litxdb migrate
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Format, Url
from litxdb.errors import LitxdbError
from litxdb.render import Form


def command(
    url: Url = None,
    form: Format = Form.table,
    write: Annotated[
        bool, typer.Option("--write", help="Prove writing, in a transaction that is rolled back.")
    ] = False,
    wait: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Wait for a server to come up.")] = 0,
) -> None:
    from litxdb.database import Database
    from litxdb.database.ping import ping

    with Database(url, command="ping", notify=render.note) as db:
        answer = ping(db, write=write, wait_seconds=wait)
    if form is Form.table:
        server = f", PostgreSQL {answer.server_version}" if answer.server_version else ""
        render.line(f"{answer.endpoint}  ({answer.kind}{server})")
    columns: dict[str, render.Column] = {
        "ok": "",
        "step": "step",
        "milliseconds": ("time", render.duration),
        "detail": "detail",
    }
    render.rows(answer.rows, form, columns=columns, within=answer)
    if answer.error:
        render.failure(LitxdbError(answer.error, answer.hint))
        raise typer.Exit(answer.exit_code)
