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
    os.execv(psql, [psql, "-d", cluster.url(local.DATABASE), *(arguments or [])])  # noqa: S606  (no shell)
