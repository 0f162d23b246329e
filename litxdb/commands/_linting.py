"""How findings about revisions are shown: to a person, to a program, to GitHub."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb import render
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.migrate.lint import LintResult
    from litxdb.migrate.lint.judging import Rule
    from litxdb.migrate.results import LintFinding

SHOWN = 10
"""Findings that a person gets to see: more are not read. GitHub shows as many of each level a step."""
ANNOTATIONS = {"error": "error", "warning": "warning", "info": "notice"}


def draw(result: LintResult, form: str, *, everything: bool) -> None:
    """Write the findings; a person sees those that matter, a program all of them."""
    counted = [each for each in result.rows if each.accepted is None]
    shown = counted if everything else [each for each in counted if each.level != "info"][:SHOWN]
    if form == "github":
        for finding in shown:
            render.line(annotation(finding))
    elif form == "table":
        _table(result, shown)
    elif form == "json":
        render.json(result)
    else:
        render.rows(result.rows, Form.csv, columns=dict.fromkeys(_COLUMNS, ""))
    if form in ("github", "table"):
        _remainder(result, len(counted) - len(shown))


def annotation(finding: LintFinding) -> str:
    """Write a workflow command: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands."""
    file = os.path.relpath(finding.file) if Path(finding.file).is_relative_to(Path.cwd()) else finding.file
    title = f"{finding.rule} in {finding.revision}"
    place = f"file={_property(file)},line={finding.line},title={_property(title)}"
    about = f"{finding.table}: " if finding.table else ""
    text = f"{about}{finding.message}. {finding.remedy}"
    return f"::{ANNOTATIONS[finding.level]} {place}::{_data(text)}"


def page(rule: Rule) -> None:
    """Write what a rule means."""
    render.line(rule.id)
    render.line()
    render.line(rule.what)
    if rule.why:
        render.line(rule.why)
    render.line()
    weighted = " On a small table it is only worth knowing." if rule.weighted else ""
    render.facts({"remedy": rule.remedy, "level": f"{rule.level}.{weighted}", "more": rule.page})


_COLUMNS = ("level", "rule", "revision", "table", "rows", "bytes", "message", "remedy", "statement", "file", "line")


def told(finding: LintFinding) -> Iterator[str]:
    """Write one finding for a person, in several lines; what was accepted needs no remedy."""
    about = f"{finding.table} ({_size(finding)}): " if finding.table else ""
    level = finding.level if finding.accepted is None else "accepted"
    yield f"{level:<8} {finding.rule}  {finding.revision}, line {finding.line}"
    yield f"         {about}{finding.message}."
    if finding.statement:
        yield f"         {_short(finding.statement)}"
    if finding.accepted is None:
        yield f"         remedy: {finding.remedy}"
    else:
        yield f"         reason: {finding.accepted}"
    yield ""


def _table(result: LintResult, shown: Sequence[LintFinding]) -> None:
    if not result.examined:
        render.line(f"Nothing to examine: the database is at {result.current or 'base'}.")
    for finding in shown:
        for line in told(finding):
            render.line(line)


def _remainder(result: LintResult, hidden: int) -> None:
    if not result.examined:
        return
    counts = ", ".join(f"{result.count(level)} {level}" for level in ANNOTATIONS if result.count(level))
    accepted = sum(each.accepted is not None for each in result.rows)
    number = len(result.examined)
    text = f"Examined {number} revision{'s' if number > 1 else ''}: {counts or 'nothing found'}."
    text += f" {accepted} accepted." if accepted else ""
    text += f" {hidden} not shown: --all-findings." if hidden else ""
    render.note(text)


def _size(finding: LintFinding) -> str:
    if finding.rows is None:
        return "size unknown"
    return f"{finding.rows:,} rows, {render.size(finding.bytes)}"


def _short(statement: str) -> str:
    line = " ".join(statement.split())
    return line if len(line) <= 100 else f"{line[:99]}…"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
