"""Running a stranger's Python as its own people run it, and telling its mistakes from the server's refusals."""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb.errors import ConfigurationInvalid, LitxdbError, Refused, ServerRefused, ToolMissing

if TYPE_CHECKING:
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
