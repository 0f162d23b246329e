"""The command line: the Typer app, and main(), which turns every end of a run into its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from litxdb import __version__, render
from litxdb.commands._on_demand import declare
from litxdb.errors import Exit, Interrupted, LitxdbError, Terminated
from litxdb.interruption import stoppable
from litxdb.redaction import redact

PANELS: dict[str, tuple[str, ...]] = {
    "Start here": ("up", "ping", "doctor"),
    "Schema": ("migrate", "rollback", "status", "history", "revision", "lint", "rehearse", "drift", "stamp"),
    "Data": ("seed", "export-user", "erase-user"),
    "Backups": ("backup", "backups", "verify", "restore", "prune"),
    "Performance": (
        "slow-queries",
        "table-sizes",
        "index",
        "report",
        "activity",
        "locks",
        "cancel",
        "terminate",
        "snapshot",
    ),
    "Vectors": ("sources", "vectors"),
    "Cache": ("cache",),
    "Service": ("serve",),
    "Local": ("local",),
}
"""The commands in the order of --help; each module of litxdb/commands stands here once."""

app = typer.Typer(
    name="litxdb",
    help="Look after LitXplore's PostgreSQL database. Start with: litxdb up",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (sys.argv by default) and return its exit code; nothing is raised."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        with stoppable():
            app(args=arguments, prog_name="litxdb")
        code: int = Exit.DONE
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else Exit.USAGE
    except (Interrupted, KeyboardInterrupt):
        render.note("Interrupted.")
        code = Exit.INTERRUPTED
    except Terminated:
        render.note("Terminated.")
        code = Exit.TERMINATED
    except Exception as error:
        code = _explain(error, debug="--debug" in arguments)
    return code


def _explain(error: Exception, *, debug: bool) -> int:
    """Tell a person what went wrong, and return the exit code that says it to a program."""
    import traceback

    from litxdb.database.refusals import refusal

    if debug:
        render.note("".join(traceback.format_exception(error)))
    problem = error if isinstance(error, LitxdbError) else refusal(error)
    if problem is None:
        problem = LitxdbError(f"This is a bug in litxdb: {type(error).__name__}: {error}", _keep_traceback(error))
    render.failure(problem)
    return problem.code


def _keep_traceback(error: Exception) -> str:
    """Write the traceback to a file of the person's own (no local variables: they may hold a password)."""
    import tempfile
    import traceback

    handle, path = tempfile.mkstemp(prefix="litxdb-traceback-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(redact(f"litxdb {__version__}\n" + "".join(traceback.format_exception(error))))
    return f"The traceback is in {path}; please report it. litxdb --debug shows it here."


def _print_version(wanted: bool) -> None:
    if wanted:
        render.line(f"litxdb {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show SQL and tracebacks on stderr.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    if debug:
        context.call_on_close(render.show_log())


for _panel, _names in PANELS.items():
    for _name in _names:
        declare(app, _name, _panel)
