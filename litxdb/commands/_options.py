"""The options that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb.render import Form

Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="The database; DATABASE_URL by default.", show_default=False),
]
Format = Annotated[Form, typer.Option("--format", help="How the answer is written.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
