"""Finding an Alembic project: its configuration, its revisions, and the table that records them."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from litxdb.database import Database
from litxdb.errors import ConfigurationInvalid
from litxdb.migrate.control import at_home
from litxdb.migrate.project import VERSION_TABLE, Project
from litxdb.migrate.running import run_environment

INI, TOML = "alembic.ini", "pyproject.toml"


def find_project(path: Path, db: Database) -> Project:
    """Return the Alembic project at the path: its directory, its alembic.ini or pyproject.toml, or its scripts.

    A pyproject.toml may say where else the project is: `project = "backend/alembic.ini"` in [tool.litxdb]. env.py is
    only run where reading it does not tell the version table, on a read-only connection to the database. Raises
    ConfigurationInvalid, or ToolMissing when the project's Python needs what is not installed.
    """
    path = path.absolute()
    if not path.exists():
        raise ConfigurationInvalid(f"There is no {path}.", "Name the directory of an Alembic project.")
    given = path if path.is_dir() else path.parent
    ini = path if path.is_file() and path.suffix != ".toml" else _existing(given / INI)
    toml = _existing(path if path.suffix == ".toml" else given / TOML)
    tools = _tools(toml)
    elsewhere = tools.get("litxdb", {}).get("project")
    if elsewhere is not None and (toml == path or path.is_dir()):
        place = (given / str(elsewhere)).resolve()
        if place not in (given.resolve(), path.resolve()):
            return find_project(place, db)
    if "alembic" not in tools:
        toml = None
    if ini is None and toml is None and not (given / "env.py").is_file():
        raise ConfigurationInvalid(
            f"There is no Alembic project in {given}: no {INI}, no [tool.alembic] in {TOML}, no env.py.",
            "Name the directory in which the project's people run alembic.",
        )
    name = str(_toml(toml).get("project", {}).get("name", given.name))
    return _recorded(_located(Project(name, given, (), directory=given, ini=ini, toml=toml)), db)


def _located(project: Project) -> Project:
    """Fill in where env.py and the revisions are, as Alembic understands the configuration."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import coerce_resource_to_filename

    assert project.directory is not None
    config = Config(project.ini, toml_file=project.toml)
    location = config.get_alembic_option("script_location")
    home = project.directory
    if location is None or ":" not in str(location):
        scripts, home = _scripts(project.directory, location)
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    project = replace(project, directory=home)
    with at_home(project):
        directory = ScriptDirectory.from_config(config)
        scripts = Path(coerce_resource_to_filename(str(directory.dir))).absolute()
        places = tuple(Path(place).absolute() for place in directory._version_locations)
    recursive = bool(directory.recursive_version_locations)
    return replace(project, script_location=scripts, version_locations=places, recursive=recursive)


def _scripts(directory: Path, location: Any) -> tuple[Path, Path]:
    """Return the directory of env.py, and that in which people run alembic.

    A relative path counts from there, which need not be where alembic.ini is.
    """
    for home in (directory, *directory.parents):
        scripts = home if location is None else home / str(location)
        if (scripts / "env.py").is_file():
            return scripts.absolute(), home
        if location is None:
            break
    raise ConfigurationInvalid(
        f"The project in {directory} has no env.py" + (f" in {location}." if location else "."),
        "Correct script_location in its configuration.",
    )


def _recorded(project: Project, db: Database) -> Project:
    """Fill in the version table that env.py configures, and revisions' places that it sets itself."""
    text = project.environment()
    try:
        told = dict(_literals(text)) if "version_locations" not in text else None
    except (ValueError, SyntaxError):
        told = None
    if told is None:
        project, told = _asked(project, db)
    return replace(
        project,
        version_table=told.get("version_table") or VERSION_TABLE,
        version_schema=told.get("version_table_schema"),
    )


def _literals(text: str) -> Iterator[tuple[str, Any]]:
    """Yield the constants given to context.configure; ValueError if not all that matter are constants.

    >>> dict(_literals("context.configure(connection=c, version_table='v')"))
    {'version_table': 'v'}
    """
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    configuring = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "configure"]
    if not configuring:
        raise ValueError("configured elsewhere")
    for keyword in (keyword for call in configuring for keyword in call.keywords):
        if keyword.arg is None:
            raise ValueError("a dictionary of options")
        if keyword.arg in ("version_table", "version_table_schema"):
            yield keyword.arg, ast.literal_eval(keyword.value)


def _asked(project: Project, db: Database) -> tuple[Project, dict[str, Any]]:
    """Run env.py to see what it tells Alembic; no revision runs, and nothing can be written."""
    from sqlalchemy.exc import DBAPIError

    told: dict[str, Any] = {}
    places: list[Path] = []

    def configured(scripts: Any, options: dict[str, Any]) -> None:
        told.update(options)
        places.extend(Path(place).absolute() for place in scripts.version_locations)
        options["dont_mutate"] = True  # as `alembic current` does: the version table is not created

    try:
        with db.direct_engine.connect() as connection:
            reading = connection.execution_options(postgresql_readonly=True)
            run_environment(reading, project, lambda scripts: (), configured=configured)
    except DBAPIError as error:
        raise ConfigurationInvalid(
            f"The env.py of {project.name} sends what the server refuses: {str(error.orig).partition(chr(10))[0]}.",
            "It may be set for another database system: set what the project's own alembic command needs.",
        ) from error
    if not told:
        raise ConfigurationInvalid(
            f"{project.script_location / 'env.py'} runs without configuring Alembic.",
            "litxdb can only run projects whose env.py calls context.configure.",
        )
    return replace(project, version_locations=tuple(places)), told


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None


def _tools(toml: Path | None) -> dict[str, Any]:
    return dict(_toml(toml).get("tool", {}))


def _toml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ConfigurationInvalid(f"{path} cannot be read: {error}.", "Mend the file.") from error
