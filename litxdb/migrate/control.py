"""Running a stranger's env.py so that it works on our connection, whatever connection it opens itself."""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from collections.abc import Awaitable, Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litxdb.errors import ConfigurationInvalid, LitxdbError, Refused, ServerRefused, ToolMissing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from litxdb.migrate.graph import Revision
    from litxdb.migrate.project import Project


@contextlib.contextmanager
def at_home(project: Project) -> Iterator[None]:
    """Run a block as the project's people run `alembic`: in its directory, and its mistakes told as such.

    The module path and the logging configuration are put back afterwards, what is printed goes to stderr. For
    LitXplore's own project nothing of this is needed, and nothing is done.
    """
    if project.directory is None:
        yield
        return
    path = list(sys.path)
    with contextlib.chdir(project.directory), contextlib.redirect_stdout(sys.stderr), _logging_kept():
        try:
            yield
        except Exception as error:
            mistake = blame(error, project)
            if mistake is None:
                raise
            raise mistake from error
        except SystemExit as error:
            raise ConfigurationInvalid(
                f"The project's {_place(error, project)} ends the program: {error.code}.", "Do what it says."
            ) from error
        finally:
            sys.path[:] = path


@contextlib.contextmanager
def lent_to_all(connection: Connection) -> Iterator[None]:
    """Have every engine but the connection's own give out this connection, asynchronous engines too.

    A stranger's env.py may build an engine of any URL and set the session up before it hands it to Alembic: so it
    sets up ours, and reaches no other database. Holds for all threads of the process.
    """
    from sqlalchemy import Engine

    connect = Engine.connect

    def lend(engine: Engine, *_: Any, **__: Any) -> Any:
        return connect(engine) if engine is connection.engine else _Lent(connection)

    replaced: list[tuple[Any, Callable[..., Any]]] = [(Engine, lend)]
    with contextlib.suppress(ImportError):
        from sqlalchemy.ext.asyncio import AsyncEngine

        replaced.append((AsyncEngine, lambda *_, **__: _AsyncLent(connection)))
    with contextlib.ExitStack() as stack:
        for kind, replacement in replaced:
            for name in ("connect", "begin"):
                stack.callback(setattr, kind, name, getattr(kind, name))
                setattr(kind, name, replacement)
        yield


class _Lent:
    """A connection whose borrower may leave its block, or close it, without closing it for us."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Connection:
        return self._connection

    def __exit__(self, *exception: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def close(self) -> None:
        """Leave it open: it is ours."""


class _AsyncLent:
    """The same for an asynchronous engine's users; nothing is awaited in truth."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __await__(self) -> Generator[Any, None, _AsyncLent]:
        return self
        yield

    async def __aenter__(self) -> _AsyncLent:
        return self

    async def __aexit__(self, *exception: object) -> None:
        pass

    async def run_sync(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with _percent_signs_kept(self._connection.engine):
            return function(self._connection, *arguments, **named)

    async def close(self) -> None:
        """Leave it open: it is ours."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any, **named: Any) -> Any:
            return getattr(self._connection, name)(*arguments, **named)

        return call


@contextlib.contextmanager
def _percent_signs_kept(engine: Engine) -> Iterator[None]:
    """Have exec_driver_sql() mean what it does with asyncpg, where % is no placeholder as it is with psycopg2."""
    from sqlalchemy import event

    def double(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> Any:
        raw = context.compiled is None and not parameters
        return statement.replace("%", "%%") if raw else statement, parameters

    event.listen(engine, "before_cursor_execute", double, retval=True)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", double)


def blame(
    error: Exception, project: Project, revision: Revision | None = None, *, up: bool = True
) -> LitxdbError | None:
    """Turn an exception of the project's own Python into ours, with file and line; None if the server raised it."""
    import psycopg2
    from sqlalchemy.exc import DBAPIError, PendingRollbackError

    # a pending rollback is what comes after the server's own error, in its context
    if isinstance(error, (LitxdbError, psycopg2.Error, DBAPIError, PendingRollbackError)):
        return error if isinstance(error, LitxdbError) else None
    place = _place(error, project)
    reason = f"{type(error).__name__}: {error}".partition("\n")[0].rstrip(": .")
    if isinstance(error, ImportError):
        missing = f"the Python module {error.name}" if error.name else f"what Python says is absent ({reason})"
        return ToolMissing(
            f"The project {project.name} needs {missing}, missing here ({place}).",
            "Install litxdb into the project's own virtual environment and run it there.",
        )
    if revision is not None and not up:
        return Refused(
            f"Revision {revision.id} cannot be reverted: its downgrade raises {reason} ({place}).",
            "Everything is as it was before that. Go back with a backup, or write the downgrade.",
        )
    if revision is not None:
        return ServerRefused(
            f"Revision {revision.id} failed: {reason} ({place}).",
            "It may count on what the project's own command sets up: take this step with that one."
            if project.foreign
            else "The revision itself is wrong: mend it, then run it again.",
        )
    return ConfigurationInvalid(
        f"The project's {place} fails: {reason}.",
        f"Set the environment variable {error.args[0]}, as for the project's own alembic command."
        if isinstance(error, KeyError) and str(error.args[0]).isupper()
        else "Make the project's own alembic command work in this environment first.",
    )


def _place(error: BaseException, project: Project) -> str:
    """Say where in the project's files it was raised, or else where at all."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = (project.script_location, *project.version_locations)
    inside = [frame for frame in frames if any(Path(frame.filename).is_relative_to(place) for place in ours)]
    frame = (inside or list(frames))[-1]
    return f"{frame.filename}, line {frame.lineno}"


@contextlib.contextmanager
def _logging_kept() -> Iterator[None]:
    loggers = [logging.getLogger(), *(logger for logger in logging.root.manager.loggerDict.values())]
    before = [
        (logger, logger.level, logger.disabled, logger.propagate, list(logger.handlers))
        for logger in loggers
        if isinstance(logger, logging.Logger)
    ]
    try:
        yield
    finally:
        for logger, level, disabled, propagate, handlers in before:
            logger.setLevel(level)
            logger.disabled, logger.propagate, logger.handlers = disabled, propagate, handlers
