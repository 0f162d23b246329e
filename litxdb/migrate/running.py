"""Alembic, through its API and on a connection of ours."""

from __future__ import annotations

import threading
from argparse import Namespace
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litxdb.migrate.graph import Revision
from litxdb.migrations import DIRECTORY

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, MetaData

turn = threading.Lock()
"""Alembic keeps its state in module globals: one run at a time in a process."""


def configuration(connection: Connection, directories: Iterable[Path], metadata: MetaData | None = None) -> Config:
    """Say where the revisions are and which connection env.py takes; nothing is printed, no logging configured."""
    from alembic.config import Config

    config = Config(cmd_opts=Namespace(quiet=True))
    config.set_main_option("script_location", _literal(DIRECTORY))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(_literal, directories)))
    config.set_main_option("file_template", "%%(rev)s")
    config.attributes["connection"] = connection
    if metadata is not None:
        config.attributes["metadata"] = metadata
    return config


def run(
    connection: Connection, directories: Iterable[Path], revisions: Callable[[], Iterable[Revision]], *, up: bool
) -> None:
    """Apply the revisions, or revert them, each in a transaction of its own.

    The connection must not be in a transaction. The next revision is asked for once the one before it is committed.
    """
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationStep
    from alembic.script import ScriptDirectory

    config = configuration(connection, directories)
    scripts = ScriptDirectory.from_config(config)
    step = MigrationStep.upgrade_from_script if up else MigrationStep.downgrade_from_script

    def steps(heads: Any, context: Any) -> Iterable[Any]:
        for revision in revisions():
            yield step(scripts.revision_map, scripts.get_revision(revision.id))

    with turn, EnvironmentContext(config, scripts, fn=steps):
        scripts.run_env()


def _literal(path: Path) -> str:
    return str(path.absolute()).replace("%", "%%")
