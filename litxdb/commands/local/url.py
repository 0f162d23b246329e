"""Print the local database's URL and nothing else; starts the server if it is stopped.

Example: export DATABASE_URL="$(litxdb local url)"
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands.local._existing import running

Tcp = Annotated[bool, typer.Option("--tcp", help="For clients without Unix sockets; needs local start --port.")]


def command(tcp: Tcp = False) -> None:
    from litxdb import local

    render.line(running().url(local.DATABASE, tcp=tcp))
