"""Answer load balancers, Kubernetes and Prometheus, and show people how the database is: a dashboard at /.

However many ask, the database is touched once an interval at most. Listens on this machine alone, unless there is a
token. Ends with SIGTERM, exit code 0.

Example: litxdb serve --port 8432
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Url
from litxdb.errors import ToolMissing

Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes any that is free.")]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="WORD",
        help="What whoever asks must know. Others on this machine see arguments: better set LITXDB_SERVE_TOKEN.",
        show_default=False,
    ),
]
Interval = Annotated[
    float | None,
    typer.Option(
        "--interval",
        min=0.1,
        metavar="SECONDS",
        help="Touch the database so often at most; 15, at Neon 900, so that it may sleep.",
        show_default=False,
    ),
]
Examine = Annotated[
    float | None,
    typer.Option(
        "--examine-every",
        min=1,
        metavar="SECONDS",
        help="Look at all of it so often at most, when somebody wants to see it; 300, at Neon 900.",
        show_default=False,
    ),
]


def command(
    url: Url = None,
    host: Host = "127.0.0.1",
    port: Port = 8432,
    token: Token = None,
    interval: Interval = None,
    examine_every: Examine = None,
) -> None:
    for package in ("starlette", "uvicorn", "httptools"):
        if importlib.util.find_spec(package) is None:
            raise ToolMissing(f"The package {package} is not installed.", "pip install 'litxdb[serve]'")
    from litxdb.database import Database
    from litxdb.serve import Service, serve
    from litxdb.settings import Settings

    settings = Settings.load(url)
    service = Service(host, port, token or settings.serve_token, interval, examine_every)
    with Database(settings=replace(settings, serve_token=None), command="serve", notify=render.note) as db:
        serve(db, service, ready=lambda where: render.note(f"Serving {db.endpoint} at {where}"))
