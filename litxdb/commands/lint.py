"""Examine the pending revisions before they meet the database: what blocks, rewrites or cannot be taken back.

They are really run, on a scratch database of this machine; the database itself is only read. Revisions that are named
are judged each by itself, applied or not.

Example: litxdb lint --format github --fail-on warning
"""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._linting import draw, page
from litxdb.commands._options import Accept, Directory, ProjectPath, Url
from litxdb.commands._projects import chosen
from litxdb.errors import Exit


class LintForm(enum.StrEnum):
    """How the findings are written."""

    table = "table"
    json = "json"
    csv = "csv"
    github = "github"


class FailOn(enum.StrEnum):
    """The least level that makes the answer no."""

    error = "error"
    warning = "warning"


Revisions = Annotated[list[str] | None, typer.Argument(metavar="[REVISION]...", help="Instead of what is pending.")]
Everything = Annotated[bool, typer.Option("--all", help="Examine every revision of the history.")]
AllFindings = Annotated[bool, typer.Option("--all-findings", help="Show what is only worth knowing, too.")]
Fail = Annotated[FailOn, typer.Option("--fail-on", help="Exit 1 from this level on.")]
Explain = Annotated[str | None, typer.Option("--explain", metavar="RULE", help="Say what a rule means, and stop.")]
Format = Annotated[LintForm, typer.Option("--format", help="How the findings are written.")]


def command(
    revision: Revisions = None,
    url: Url = None,
    everything: Everything = False,
    all_findings: AllFindings = False,
    accept: Accept = None,
    fail_on: Fail = FailOn.error,
    explain: Explain = None,
    directory: Directory = None,
    project: ProjectPath = None,
    form: Format = LintForm.table,
) -> None:
    from litxdb.database import Database
    from litxdb.migrate.lint import explain_rule, lint

    if explain:
        page(explain_rule(explain))
        return
    with Database(url, command="lint", notify=render.note) as db:
        subject = chosen(db, project, directory)
        with render.spinner("Running the revisions on a scratch database"):
            result = lint(db, project=subject, revisions=revision or (), everything=everything, accept=accept or ())
    draw(result, form.value, everything=all_findings)
    if result.fails(fail_on.value):
        raise typer.Exit(Exit.FINDINGS)
