"""The parts of the page, each as lines of HTML: trends, findings with what to type, every check, what is ignored."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import groupby

from litxdb.doctor.check import AREAS
from litxdb.doctor.page.charts import bar, line
from litxdb.doctor.page.scrubbing import scrub
from litxdb.doctor.results import Examination, Finding, Fix, Result, Trend

MOST = 100
"""Findings that are written in full, and objects of one check within them: the file stays below 200 kB."""
MOST_OBJECTS = 12
LONGEST = 400
"""Characters of one text: an object's name may be long, and a statement longer."""

FIXES = {
    Fix.SAFE: "Safe: litxdb doctor --fix --yes does it.",
    Fix.ASKS: "Read it first: litxdb doctor --fix --yes asks.",
    Fix.MANUAL: "For a person, by hand.",
}


def stylesheet() -> str:
    """Return the style of the parts."""
    return files("litxdb.doctor.page").joinpath("style.css").read_text(encoding="utf-8")


def write_trends(trends: Sequence[Trend]) -> Iterator[str]:
    """Draw how figures went."""
    if trends:
        yield f'<section class="trends">{"".join(line(trend) for trend in trends)}</section>'


def write_findings(findings: Sequence[Finding]) -> Iterator[str]:
    """Write the findings, those of one check together; lesser ones are counted where there are too many."""
    groups = [list(group) for _, group in groupby(findings, key=lambda finding: (finding.level, finding.check))]
    written = 0
    while groups and written < MOST:
        yield from _finding(same := groups.pop(0))
        written += min(len(same), MOST_OBJECTS)
    if groups:
        yield f"<p>{sum(map(len, groups))} lesser findings are not on this page: litxdb doctor -v has them.</p>"


def _finding(same: Sequence[Finding]) -> Iterator[str]:
    first = same[0]
    yield f'<article class="{first.level}"><h2>{shown(first.title)} <code>{first.check}</code></h2>'
    yield f"<p>{shown(first.why)}</p>"
    lock = "no lock" if first.lock == "none" else f"lock: {shown(first.lock)}"
    yield f"<p><small>{shown(AREAS[first.area])} · limits: {shown(first.threshold)} · {lock}</small></p><dl>"
    for finding in same[:MOST_OBJECTS]:
        yield f"<dt>{shown(finding.object)}</dt><dd>{shown(finding.measured)}"
        yield f"<pre>{shown(finding.pasteable, scrubbed=False)}</pre><small>{FIXES[finding.fix]}</small></dd>"
    yield "</dl>"
    if same[MOST_OBJECTS:]:
        yield f"<p>… and {len(same) - MOST_OBJECTS} more.</p>"
    yield "</article>"


def write_checks(results: Sequence[Result]) -> Iterator[str]:
    """Write what came of every check, an area folded up."""
    scale = max(Counter(result.area for result in results).values(), default=1)
    yield "<section><h2>Every check</h2>"
    for area, heading in AREAS.items():
        here = [result for result in results if result.area == area]
        if here:
            counts = Counter(result.status for result in here)
            rows = "".join(_row(result) for result in here)
            yield f"<details><summary><span>{shown(heading)}</span>{bar(counts, scale)}</summary>"
            yield f"<table>{rows}</table></details>"
    yield "</section>"


def _row(result: Result) -> str:
    said = f"{result.reason}: {result.detail}" if result.reason else result.detail
    seen = f"{result.examined} examined" if result.examined else ""
    unseen = f"{result.unseen} not seen" if result.unseen else ""
    text = shown("; ".join(filter(None, (seen, unseen, said, result.remedy))))
    return (
        f'<tr><td class="{result.status}">{result.status}</td><td><code>{result.check}</code></td><td>{text}</td></tr>'
    )


def write_ignored(examined: Examination) -> Iterator[str]:
    """Write what somebody lives with."""
    if examined.ignored:
        yield f"<section><h2>{len(examined.ignored)} ignored</h2><ul>"
        for each in examined.ignored[:MOST]:
            until = f" (until {each.until})" if each.until else ""
            yield f"<li>{shown(f'{each.finding.key}: {each.reason}{until}')}</li>"
        yield "</ul></section>"


def shown(text: str, *, scrubbed: bool = True) -> str:
    """Write text as HTML, cut where it is too long to read; a remedy keeps its literals, which are settings."""
    text = scrub(text) if scrubbed else text
    return html.escape(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")
