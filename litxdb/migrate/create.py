"""Writing a new revision from the difference between the models and a database."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litxdb.database import Database
from litxdb.errors import ConfigurationInvalid, Refused
from litxdb.migrate.graph import Graph
from litxdb.migrate.project import Project
from litxdb.migrate.state import check_known, current_revision

if TYPE_CHECKING:
    from sqlalchemy import MetaData

LONGEST = 32
"""alembic_version.version_num is varchar(32)."""


def create_revision(
    db: Database, message: str, directory: Path, *, empty: bool = False, metadata: MetaData | None = None
) -> Path | None:
    """Write what leads from the database to the models (LitXplore's, or `metadata`) as a revision after the last one.

    Returns the new file; writes none and returns None if nothing differs, unless `empty` asks for one to fill in. The
    database is only read, and must be at head: what it lacks would end up in the new revision. Whoever changes the
    models looks through the file first: renames come out as a drop and an add.
    """
    graph = Graph.read(directory if directory.is_dir() else None)
    head = graph.head.id
    current = current_revision(db)
    check_known(graph, current)
    if current != head:
        own = f" --directory {directory}" if len(graph.directories) > 1 else ""
        raise Refused(f"The database is at revision {current or 'base'}, not at {head}.", f"Run: litxdb migrate{own}")
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    if not slug:
        raise Refused("A revision needs a message that says what it does.", 'For example: "add reading lists".')
    revision = f"{len(graph.revisions) + 1:04}_{slug}"[:LONGEST].rstrip("_")
    try:
        return _write(db, graph, directory, message, revision, empty, metadata)
    except OSError as error:
        raise ConfigurationInvalid(f"{directory} cannot be written to: {error}.", "Name another directory.") from error


def _write(
    db: Database, graph: Graph, directory: Path, message: str, revision: str, empty: bool, metadata: MetaData | None
) -> Path | None:
    from alembic import command

    from litxdb.migrate.running import configuration, turn
    from litxdb.models import Base

    def keep_only_differences(context: Any, names: Any, directives: list[Any]) -> None:
        if directives[0].upgrade_ops.is_empty() and not empty:
            directives.clear()

    places = tuple(dict.fromkeys(path.resolve() for path in (*graph.directories, directory)))
    project = replace(Project.litxplore(), version_locations=places)
    with turn, db.direct_engine.connect() as connection:
        config = configuration(connection, project, metadata or Base.metadata)
        script = command.revision(
            config,
            message=message,
            autogenerate=True,
            rev_id=revision,
            version_path=directory.resolve(),
            process_revision_directives=keep_only_differences,
        )
    if left_alone := config.attributes.get("left_alone"):
        db.notify(f"left alone, as the models do not know them: {', '.join(sorted(left_alone))}")
    return None if script is None or isinstance(script, list) else Path(script.path)
