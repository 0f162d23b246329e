"""Open psql on the local database; what follows -- goes to psql.

Example: litxdb local psql -- -c 'table users'
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from litxdb import render


def command(arguments: Annotated[list[str] | None, typer.Argument(help="Options for psql.")] = None) -> None:
    from litxdb import local
    from litxdb.settings import Settings

    settings = Settings.load()
    local.require(settings)
    cluster = local.ensure(settings, render.note)
    psql = str(cluster.binaries.bin / "psql")
    os.execv(psql, [psql, local.url(settings), *(arguments or [])])  # noqa: S606  (a list of arguments, no shell)
