"""Which history a command works on: LitXplore's, or the Alembic project that --project names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from litxdb.database import Database
    from litxdb.migrate import Project


def chosen(db: Database, path: Path | None, directory: Path | None) -> Project:
    """Return the project that the options --project and --directory name."""
    from litxdb import migrate

    if path is None:
        return migrate.Project.litxplore(directory)
    if directory is not None:
        raise typer.BadParameter("--directory adds to LitXplore's revisions: it cannot be combined with --project.")
    return migrate.find_project(path, db)
