"""Which Alembic project a command works on: LitXplore's own by default, or anybody's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb.errors import ConfigurationInvalid
from litxdb.migrate.graph import Graph, Revision, names, read_files
from litxdb.migrations import DIRECTORY, VERSIONS
from litxdb.quoting import quoted

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

VERSION_TABLE = "alembic_version"


@dataclass(frozen=True)
class Project:
    """Where a history's files are and where a database records them; `litxplore()` or `find_project` makes one.

    `directory` is where the project's people run `alembic`, `ini` and `toml` what configures it; LitXplore's own
    project has none of them, and its env.py is trusted to take the connection given to it.
    """

    name: str
    script_location: Path
    version_locations: tuple[Path, ...]
    version_table: str = VERSION_TABLE
    version_schema: str | None = None
    recursive: bool = False
    directory: Path | None = None
    ini: Path | None = None
    toml: Path | None = None

    @classmethod
    def litxplore(cls, directory: Path | None = None) -> Project:
        """Return LitXplore's project, with the revisions of `directory` after its own."""
        if directory is None or directory.resolve() == VERSIONS:
            return cls("litxplore", DIRECTORY, (VERSIONS,))
        if not directory.is_dir():
            raise ConfigurationInvalid(f"There is no directory {directory} with revisions.", "Check the path.")
        return cls("litxplore", DIRECTORY, (VERSIONS, directory.absolute()))

    @property
    def foreign(self) -> bool:
        """Whether this is somebody else's project, whose env.py may do anything."""
        return self.directory is not None

    @property
    def version_name(self) -> str:
        """The version table as it is written in SQL.

        >>> Project("p", Path(), (), "history", "Admin").version_name
        '"Admin"."history"'
        """
        parts = (self.version_schema, self.version_table) if self.version_schema else (self.version_table,)
        return ".".join(map(quoted, parts))

    @property
    def version_creation(self) -> str:
        """The statement that makes the version table as Alembic does, unless it is there."""
        key = quoted(f"{self.version_table}_pkc")
        columns = f"version_num varchar(32) not null constraint {key} primary key"
        return f"create table if not exists {self.version_name} ({columns})"

    def graph(self) -> Graph:
        """Read the revisions from their files, running none; what only runs to be known is asked of Alembic.

        Raises ConfigurationInvalid for files that do not make one history.
        """
        try:
            revisions = read_files(self.version_locations, recursive=self.recursive)
        except ConfigurationInvalid:
            if not self.foreign:
                raise
            revisions = _as_alembic_reads_them(self)
        if not revisions:
            raise ConfigurationInvalid(
                f"The project {self.name} has no revisions in {', '.join(map(str, self.version_locations))}.",
                "Check script_location and version_locations in its configuration.",
            )
        return Graph.build(revisions, self.version_locations)

    def environment(self) -> str:
        """Return the text of env.py."""
        return (self.script_location / "env.py").read_text(encoding="utf-8", errors="replace")

    def scripts(self, config: Config) -> ScriptDirectory:
        """Return Alembic's view of the revisions' files, none of which is read yet."""
        from alembic.script import ScriptDirectory

        scripts = ScriptDirectory.from_config(config)
        scripts.version_locations = list(map(os.fspath, self.version_locations))
        return scripts

    def configuration(self) -> Config:
        """Return Alembic's configuration of this project; nothing is printed by its use, no logging configured."""
        from argparse import Namespace

        from alembic.config import Config

        config = Config(self.ini, toml_file=self.toml, cmd_opts=Namespace(quiet=True, x=None))
        config.set_main_option("script_location", _literal(self.script_location))
        if not self.foreign:
            config.set_main_option("path_separator", "newline")
            config.set_main_option("version_locations", "\n".join(map(_literal, self.version_locations)))
        return config


def _literal(path: Path) -> str:
    """Write a path so that ConfigParser, which expands %, reads it as it is."""
    return os.fspath(path).replace("%", "%%")


def _as_alembic_reads_them(project: Project) -> list[Revision]:
    """Let Alembic import the files: slower, but right for values that are computed."""
    from litxdb.migrate.control import at_home

    with at_home(project):
        scripts = list(project.scripts(project.configuration()).walk_revisions())
    return [
        Revision(
            id=script.revision,
            message=script.doc.rstrip("."),
            path=Path(script.path),
            follows=names(script.down_revision),
            depends_on=names(script.dependencies),
            labels=names(getattr(script.module, "branch_labels", None)),
        )
        for script in reversed(scripts)
    ]
