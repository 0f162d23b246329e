"""Start the local server; create it the first time.

Example: litxdb local start --port 5544
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render

Port = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=65535,
        help="Listen on 127.0.0.1 as well, with a password, from now on; 0 ends that.",
        show_default=False,
    ),
]


def command(port: Port = None) -> None:
    from litxdb import local
    from litxdb.settings import Settings

    with render.step("PostgreSQL") as outcome:
        cluster = local.ensure(Settings.load(), render.note, port=port)
        outcome.append(f"{cluster.binaries.version} is running")
    render.line(cluster.url(local.DATABASE, tcp=bool(port)))
