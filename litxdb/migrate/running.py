"""Alembic, through its API and on a connection of ours."""

from __future__ import annotations

import functools
import importlib.util
import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING, Any

from litxdb.errors import Refused
from litxdb.migrate.control import at_home, blame
from litxdb.migrate.graph import Revision
from litxdb.migrate.lending import lent_to_all
from litxdb.migrate.project import Project

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection, MetaData

turn = threading.Lock()
"""Alembic keeps its state in module globals: one run at a time in a process."""


def configuration(connection: Connection, project: Project, metadata: MetaData | None = None) -> Config:
    """Say where the revisions are and which connection env.py takes; nothing is printed, no logging configured."""
    config = project.configuration()
    config.set_main_option("file_template", "%%(rev)s")
    config.attributes["connection"] = connection
    if metadata is not None:
        config.attributes["metadata"] = metadata
    if project.foreign:
        _set_url(config, project)
    return config


def run(
    connection: Connection,
    project: Project,
    revisions: Callable[[], Iterable[Revision]],
    *,
    up: bool,
    inside: Callable[[Revision], AbstractContextManager[object]] = lambda revision: nullcontext(),
) -> None:
    """Apply the revisions, or revert them, each in a transaction of its own.

    The connection must not be in a transaction. The next revision is asked for once the one before it is committed;
    its upgrade() or downgrade(), without Alembic's own bookkeeping, runs within `inside`. What a revision's Python
    raises becomes ServerRefused, in a downgrade Refused, as when there is none; the server's own errors are passed on.
    """
    from alembic.runtime.migration import MigrationStep

    make = MigrationStep.upgrade_from_script if up else MigrationStep.downgrade_from_script

    def steps(scripts: Any) -> Iterable[Any]:
        for revision in revisions():
            script = scripts.get_revision(revision.id)
            _require(script.module, revision, up)
            step = make(scripts.revision_map, script)
            step.migration_fn = _guarded(step.migration_fn, project, revision, up, inside)
            yield step

    run_environment(connection, project, steps)


def run_environment(
    connection: Connection,
    project: Project,
    steps: Callable[[Any], Iterable[Any]],
    configured: Callable[[Any, dict[str, Any]], None] = lambda scripts, options: None,
) -> None:
    """Run the project's env.py on this connection; `configured` sees what it tells Alembic, and may end it there."""
    from alembic.runtime.environment import EnvironmentContext

    with ExitStack() as stack:
        stack.enter_context(turn)
        stack.enter_context(at_home(project))
        config = configuration(connection, project)
        scripts = project.scripts(config)
        environment = EnvironmentContext(config, scripts, fn=lambda heads, context: steps(scripts))
        configure, schema = environment.configure, _schema(connection)

        def ours(theirs: Any = None, **options: Any) -> None:
            configured(scripts, options)
            if project.version_schema is None:
                _check_schema(connection, schema, project)
            logging.getLogger("alembic").setLevel(logging.WARNING)  # it would tell what our caller tells already
            connection.commit()  # what env.py ran to set the session up; in a transaction Alembic would commit nothing
            configure(**{**options, "connection": connection, "transaction_per_migration": True})

        # on the instance: Alembic's proxy looks a subclass's methods up in vain
        environment.configure = ours  # type: ignore[assignment,method-assign]
        stack.enter_context(environment)
        if project.foreign:
            stack.enter_context(lent_to_all(connection))
        _run_env(scripts, project)


def _schema(connection: Connection) -> str | None:
    name: str | None = connection.exec_driver_sql("select current_schema()").scalar_one()
    connection.commit()
    return name


def _check_schema(connection: Connection, before: str | None, project: Project) -> None:
    """Refuse an env.py that moves the session to another schema: its version table is not where we read it."""
    after = _schema(connection)
    if after != before:
        raise Refused(
            f"The env.py of {project.name} sets search_path, so that its {project.version_table} is in the schema "
            f"{after}, where no other session finds it.",
            "Name it in env.py: context.configure(version_table_schema=…), or set search_path for the role.",
        )


def _run_env(scripts: ScriptDirectory, project: Project) -> None:
    """Run env.py; an asynchronous one in a worker thread of an event loop, where AnyIO's users expect to be."""
    if project.foreign and "async" in project.environment() and importlib.util.find_spec("anyio"):
        anyio: Any = importlib.import_module("anyio")  # the project's own: litxdb does not depend on it
        anyio.run(anyio.to_thread.run_sync, scripts.run_env)
    else:
        scripts.run_env()


def _require(module: object, revision: Revision, up: bool) -> None:
    function, done = ("upgrade", "applied") if up else ("downgrade", "reverted")
    if not hasattr(module, function):
        raise Refused(
            f"Revision {revision.id} cannot be {done}: {revision.path.name} has no {function}().",
            "Everything is as it was. Write it" + ("." if up else ", or go back with a backup."),
        )


def _guarded(
    function: Callable[..., None],
    project: Project,
    revision: Revision,
    up: bool,
    inside: Callable[[Revision], AbstractContextManager[object]],
) -> Callable[..., None]:
    @functools.wraps(function)
    def guarded(**options: Any) -> None:
        try:
            with inside(revision):
                function(**options)
        except Exception as error:
            mistake = blame(error, project, revision, up=up)
            if mistake is None or mistake is error:
                raise
            raise mistake from error

    return guarded


def _set_url(config: Config, project: Project) -> None:
    """Give env.py a URL that an engine can be made of; nothing connects to it, so it names no database.

    One of PostgreSQL's is kept: env.py may read more out of it.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        usable = make_url(config.get_main_option("sqlalchemy.url") or "").get_backend_name() == "postgresql"
    except ArgumentError:
        usable = False
    if not usable:
        driver = "asyncpg" if "async_engine" in project.environment() else "psycopg2"
        config.set_main_option("sqlalchemy.url", f"postgresql+{driver}://")
