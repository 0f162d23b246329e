"""Write a new revision from what the models have and the database lacks.

Example: litxdb revision -m "add reading lists" --directory migrations/versions
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Url

Message = Annotated[str, typer.Option("--message", "-m", help="What it does; the file is named after it.")]
Directory = Annotated[Path, typer.Option("--directory", metavar="DIR", help="The project's revisions.")]
Empty = Annotated[bool, typer.Option("--empty", help="Write one to fill in, even if nothing differs.")]


def command(message: Message, directory: Directory = Path("migrations"), url: Url = None, empty: Empty = False) -> None:
    from litxdb import migrate
    from litxdb.database import Database

    with Database(url, command="revision", notify=render.note) as db:
        path = migrate.create_revision(db, message, directory, empty=empty)
    if path is None:
        render.note("The models and the database agree: nothing was written.")
    else:
        render.line(str(path))
