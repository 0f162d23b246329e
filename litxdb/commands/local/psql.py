"""Open psql on the local database; what follows -- goes to psql.

Example: litxdb local psql -- -c 'table users'
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from litxdb.commands.local._existing import running


def command(arguments: Annotated[list[str] | None, typer.Argument(help="Options for psql.")] = None) -> None:
    from litxdb import local

    cluster = running()
    psql = str(cluster.binaries.bin / "psql")
    place = cluster.parameters(local.DATABASE)  # one by one, so that -d OTHER stays on this server
    options = ["-h", place["host"], "-p", place["port"], "-U", place["user"], "-d", place["dbname"]]
    os.execv(psql, [psql, *options, *(arguments or [])])  # noqa: S606  (no shell)
