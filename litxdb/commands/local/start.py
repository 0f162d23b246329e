"""Start the local server; create it the first time.

Example: litxdb local start --port 5544
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render

Port = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="Listen on 127.0.0.1 as well, with a password.", show_default=False),
]


def command(port: Port = None) -> None:
    from litxdb import local
    from litxdb.settings import Settings

    settings = Settings.load()
    with render.step("PostgreSQL") as outcome:
        local.ensure(settings, render.note, port=port)
        outcome.append("running")
    render.line(local.url(settings, tcp=port is not None))
