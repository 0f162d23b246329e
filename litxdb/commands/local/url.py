"""Print the local database's URL, and nothing else.

Example: export DATABASE_URL="$(litxdb local url)"
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render


def command(
    tcp: Annotated[bool, typer.Option("--tcp", help="The URL over TCP, where it was started with --port.")] = False,
) -> None:
    from litxdb import local
    from litxdb.settings import Settings

    render.line(local.url(Settings.load(), tcp=tcp))
