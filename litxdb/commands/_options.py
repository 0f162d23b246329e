"""The options that commands share."""

from __future__ import annotations

from pathlib import Path
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
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing unless it fails.")]
Directory = Annotated[
    Path | None,
    typer.Option(
        "--directory", metavar="DIR", help="A project's own revisions, after LitXplore's.", show_default=False
    ),
]
StorePlace = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="DIR|s3://…",
        help="Where backups live; LITXDB_BACKUP_STORE by default.",
        show_default=False,
    ),
]
Identity = Annotated[
    Path | None,
    typer.Option(
        "--identity",
        metavar="FILE",
        help="The secret age key of encrypted backups; LITXDB_BACKUP_IDENTITY by default.",
        show_default=False,
    ),
]
PrometheusFile = Annotated[
    Path | None,
    typer.Option(
        "--prometheus", metavar="FILE", help="Write metrics for node_exporter's textfile collector.", show_default=False
    ),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", min=0, metavar="N", help="So many rows at most; 0 for all.", show_default=False),
]
Values = Annotated[bool, typer.Option("--values", help="Show statements with the values in them.")]
LockTimeout = Annotated[
    float, typer.Option("--lock-timeout", min=0.05, metavar="SECONDS", help="Give up on a table's lock after that.")
]
Retry = Annotated[
    float,
    typer.Option("--retry", min=0, metavar="SECONDS", help="Begin a revision anew for so long; 0 fails at once."),
]
Wait = Annotated[float, typer.Option("--lock-wait", min=0, metavar="SECONDS", help="Wait for another run to finish.")]
ProjectPath = Annotated[
    Path | None,
    typer.Option(
        "--project",
        metavar="PATH",
        help="Another Alembic project: its directory, alembic.ini or pyproject.toml.",
        show_default=False,
    ),
]
Accept = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="RULE", help="Do not count this rule's findings. Repeatable.", show_default=False),
]
