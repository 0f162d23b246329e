"""Find out what is wrong, how it is known, and what to type.

Reads only, takes no lock that a writer would wait for, and has its verdict within five seconds.

Example: litxdb doctor --only indexes --verbose
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render
from litxdb.commands import _examining, _explaining, _fixing, _watching
from litxdb.commands._options import Directory, PrometheusFile, Url
from litxdb.errors import Exit, LitxdbError
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.database import Database
    from litxdb.doctor import Examination, Ignore


class ExaminationForm(enum.StrEnum):
    """How the answer is written."""

    table = "table"
    json = "json"
    csv = "csv"
    nagios = "nagios"


class FailOn(enum.StrEnum):
    """The least level that makes the answer no."""

    warn = "warn"
    crit = "crit"


SECONDS = {"fast": 5.0, "deep": 60.0, "full": 600.0}
"""The deadline of each tier, unless another is given."""

COLUMNS = (
    "check",
    "area",
    "level",
    "object",
    "measured",
    "threshold",
    "title",
    "why",
    "remedy",
    "fix",
    "lock",
    "undo",
    "value",
    "key",
)
"""Of CSV, where there are no findings to take them from."""

Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="CHECK", help="Run this check or area alone; may be repeated.", show_default=False),
]
Skip = Annotated[
    list[str] | None,
    typer.Option("--skip", metavar="CHECK", help="Leave this check or area out; may be repeated.", show_default=False),
]
Triage = Annotated[bool, typer.Option("--triage", help="Only what hurts now.")]
Deep = Annotated[bool, typer.Option("--deep", help="Look into tables and indexes as well; has a minute for it.")]
Full = Annotated[bool, typer.Option("--full", help="Read whole tables and indexes as well; has ten minutes for it.")]
Deadline = Annotated[
    float | None,
    typer.Option("--deadline", min=0.1, metavar="SECONDS", help="Have a verdict by then; 5 s.", show_default=False),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every check and every finding.")]
Fail = Annotated[FailOn, typer.Option("--fail-on", help="Exit 1 from this level on.")]
IgnoreFile = Annotated[
    Path | None,
    typer.Option(
        "--ignore-file",
        metavar="FILE",
        help="Findings to live with; .litxdb-ignore.toml by default.",
        show_default=False,
    ),
]
HtmlFile = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write a page that can be passed on.", show_default=False),
]
NoSnapshot = Annotated[bool, typer.Option("--no-snapshot", help="Do not add to the database's history.")]
Watch = Annotated[
    float | None,
    typer.Option("--watch", min=0.1, metavar="SECONDS", help="Again and again, until Ctrl-C.", show_default=False),
]
Mend = Annotated[bool, typer.Option("--fix", help="Show what the remedies would do; with --yes, do it.")]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="With --fix: apply what is safe, and ask for the rest on a terminal.")
]
List = Annotated[bool, typer.Option("--list", help="List the checks, and stop.")]
Explain = Annotated[
    str | None, typer.Option("--explain", metavar="ID", help="Print a check's page or a runbook, and stop.")
]
Format = Annotated[ExaminationForm, typer.Option("--format", help="How the answer is written.")]


def command(
    url: Url = None,
    only: Only = None,
    skip: Skip = None,
    triage: Triage = False,
    deep: Deep = False,
    full: Full = False,
    deadline: Deadline = None,
    verbose: Verbose = False,
    fail_on: Fail = FailOn.crit,
    ignore_file: IgnoreFile = None,
    prometheus: PrometheusFile = None,
    html: HtmlFile = None,
    no_snapshot: NoSnapshot = False,
    watch: Watch = None,
    mend: Mend = False,
    yes: Yes = False,
    listed: List = False,
    explain: Explain = None,
    directory: Directory = None,
    form: Format = ExaminationForm.table,
) -> None:
    if listed or explain:
        _explaining.show(explain, form)
        return
    _check_options(form, watch=watch is not None, mend=mend, yes=yes)
    from litxdb.database import Database
    from litxdb.doctor import Tier, examine

    tier = Tier.FULL if full else Tier.DEEP if deep else Tier.FAST
    with _unknown_to(form), Database(url, command="doctor", notify=render.note) as db:
        look = partial(
            examine,
            db,
            directory,
            tier=tier,
            only=only or (),
            skip=skip or (),
            triage=triage,
            deadline_seconds=deadline or SECONDS[tier],
            ignores=_ignores(ignore_file),
            trends=html is not None,
        )
        publish = partial(_publish, prometheus, html)
        if watch:
            _watching.watch(look, watch, publish, as_json=form == "json", verbose=verbose)
            return
        examined = look(snapshot=not (no_snapshot or triage))
        if mend and examined.connected:
            examined = _mend(db, examined, look, directory, Form(form), yes=yes)
        else:
            _show(examined, form, verbose=verbose)
        publish(examined)
    raise typer.Exit(_code(examined, form, fail_on))


def _check_options(form: ExaminationForm, *, watch: bool, mend: bool, yes: bool) -> None:
    if watch and mend:
        raise typer.BadParameter("--watch looks, --fix changes: one at a time.")
    if watch and form not in ("table", "json"):
        raise typer.BadParameter(f"--watch has no end, and --format {form} one answer.")
    if mend and form == "nagios":
        raise typer.BadParameter("--fix has nothing to tell a monitoring system.")
    if yes and not mend:
        raise typer.BadParameter("--yes belongs to --fix.")


def _publish(prometheus: Path | None, html: Path | None, examined: Examination) -> None:
    """Write the files that were asked for."""
    if prometheus:
        from litxdb.doctor.prometheus import metrics
        from litxdb.publishing import publish

        publish(prometheus, metrics(examined))
    if html:
        from litxdb.doctor.page import page
        from litxdb.publishing import publish

        publish(html, page(examined))


def _ignores(file: Path | None) -> tuple[Ignore, ...]:
    from litxdb.doctor import ignore_file

    found = file or Path(ignore_file.FILE)
    return ignore_file.read_ignores(found) if file or found.exists() else ()


def _mend(
    db: Database,
    examined: Examination,
    look: Callable[[], Examination],
    directory: Path | None,
    form: Form,
    *,
    yes: bool,
) -> Examination:
    """Show what the remedies would do, or apply them; returns the last examination."""
    if yes:
        return _fixing.carry_out(db, examined, look, directory, form)
    _fixing.plan(examined, form)
    return examined


def _show(examined: Examination, form: ExaminationForm, *, verbose: bool) -> None:
    """Write the answer."""
    from litxdb.doctor.document import document
    from litxdb.doctor.nagios import plugin_line

    if form is ExaminationForm.nagios:
        render.line(plugin_line(examined)[0])
    elif form is ExaminationForm.json:
        render.json(document(examined))
    elif form is ExaminationForm.csv:
        render.rows(examined.findings, Form.csv, columns=dict.fromkeys(COLUMNS, ""))
    else:
        _examining.draw(examined, verbose=verbose)


def _code(examined: Examination, form: ExaminationForm, fail_on: FailOn) -> int:
    """Return the exit code that says the answer to a program."""
    from litxdb.doctor import Status
    from litxdb.doctor.nagios import plugin_line

    if form is ExaminationForm.nagios:
        return plugin_line(examined)[1]
    if not examined.connected:
        return Exit.CONNECTION
    return Exit.FINDINGS if examined.fails(Status(fail_on)) else Exit.DONE


@contextlib.contextmanager
def _unknown_to(form: ExaminationForm) -> Iterator[None]:
    """Tell a monitoring system in its own words that nothing could be examined."""
    from litxdb.doctor.nagios import unknown

    try:
        yield
    except LitxdbError as error:
        if form is not ExaminationForm.nagios:
            raise
        text, code = unknown(error.message)
        render.line(text)
        raise typer.Exit(code) from None
