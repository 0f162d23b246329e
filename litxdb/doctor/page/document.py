"""The page: verdict, charts, findings with what to type, and every check with what came of it."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import groupby

from litxdb import __version__
from litxdb.doctor.check import AREAS
from litxdb.doctor.page.charts import bar, line
from litxdb.doctor.page.scrubbing import scrub
from litxdb.doctor.results import Examination, Finding, Fix, Result, Status, Trend

MOST = 100
"""Findings that are written in full, and objects of one check within them: the file stays below 200 kB."""
MOST_OBJECTS = 12
LONGEST = 400
"""Characters of one text: an object's name may be long, and a statement longer."""

WORDS = {
    Status.CRIT: "critical",
    Status.WARN: "warnings",
    Status.INFO: "worth knowing",
    Status.OK: "ok",
    Status.SKIP: "skipped",
    Status.ERROR: "failed",
}
FIXES = {
    Fix.SAFE: "Safe: litxdb doctor --fix --yes does it.",
    Fix.ASKS: "Read it first: litxdb doctor --fix --yes asks.",
    Fix.MANUAL: "For a person, by hand.",
}
TITLES = {
    Status.CRIT: "Something is critical",
    Status.WARN: "Something needs looking after",
    Status.SKIP: "Nothing was examined",
}


def page(examined: Examination) -> str:
    """Write the page, less than 200 kB whatever was found; statements lose their literals."""
    style = files("litxdb.doctor.page").joinpath("style.css").read_text(encoding="utf-8")
    title = TITLES.get(examined.verdict, "Nothing wrong")
    return "\n".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{title}: {_text(examined.endpoint)}</title><style>{style}</style></head><body><main>",
            *_head(examined, title),
            *_trends(examined.trends),
            *_findings(examined.findings),
            *_checks(examined.results),
            *_ignored(examined),
            f"<footer>litxdb {__version__}, {examined.started:%Y-%m-%d %H:%M:%S} UTC</footer></main></body></html>\n",
        )
    )


def _head(examined: Examination, title: str) -> Iterator[str]:
    levels = Counter(finding.level for finding in examined.findings)
    counts = {**{Status(name): number for name, number in examined.counts.items()}, **levels}
    server = f"PostgreSQL {_text(examined.server_version)}" if examined.server_version else "no connection"
    yield f'<header class="{examined.verdict}"><h1>{title}</h1>'
    yield f"<p>{_text(examined.endpoint)}<br>{server}, examined in {examined.milliseconds / 1000:.2f} s</p></header>"
    numbers = (
        f'<li class="{status}"><strong>{number}</strong> {word if number > 1 else word.removesuffix("s")}</li>'
        for status, word in WORDS.items()
        if (number := counts.get(status, 0))
    )
    yield f'<ul class="counts">{"".join(numbers)}</ul>'


def _trends(trends: Sequence[Trend]) -> Iterator[str]:
    if trends:
        yield f'<section class="trends">{"".join(line(trend) for trend in trends)}</section>'


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    groups = [list(group) for _, group in groupby(findings, key=lambda finding: (finding.level, finding.check))]
    written = 0
    while groups and written < MOST:
        yield from _finding(same := groups.pop(0))
        written += min(len(same), MOST_OBJECTS)
    if groups:
        yield f"<p>{sum(map(len, groups))} lesser findings are not on this page: litxdb doctor -v has them.</p>"


def _finding(same: Sequence[Finding]) -> Iterator[str]:
    first = same[0]
    yield f'<article class="{first.level}"><h2>{_text(first.title)} <code>{first.check}</code></h2>'
    yield f"<p>{_text(first.why)}</p>"
    lock = "no lock" if first.lock == "none" else f"lock: {_text(first.lock)}"
    yield f"<p><small>{_text(AREAS[first.area])} · limits: {_text(first.threshold)} · {lock}</small></p><dl>"
    for finding in same[:MOST_OBJECTS]:
        yield f"<dt>{_text(finding.object)}</dt><dd>{_text(finding.measured)}"
        yield f"<pre>{_text(finding.pasteable, scrubbed=False)}</pre><small>{FIXES[finding.fix]}</small></dd>"
    yield "</dl>"
    if same[MOST_OBJECTS:]:
        yield f"<p>… and {len(same) - MOST_OBJECTS} more.</p>"
    yield "</article>"


def _checks(results: Sequence[Result]) -> Iterator[str]:
    scale = max(Counter(result.area for result in results).values(), default=1)
    yield "<section><h2>Every check</h2>"
    for area, heading in AREAS.items():
        here = [result for result in results if result.area == area]
        if here:
            counts = Counter(result.status for result in here)
            rows = "".join(_row(result) for result in here)
            yield f"<details><summary><span>{_text(heading)}</span>{bar(counts, scale)}</summary>"
            yield f"<table>{rows}</table></details>"
    yield "</section>"


def _row(result: Result) -> str:
    said = f"{result.reason}: {result.detail}" if result.reason else result.detail
    seen = f"{result.examined} examined" if result.examined else ""
    unseen = f"{result.unseen} not seen" if result.unseen else ""
    text = _text("; ".join(filter(None, (seen, unseen, said, result.remedy))))
    return (
        f'<tr><td class="{result.status}">{result.status}</td><td><code>{result.check}</code></td><td>{text}</td></tr>'
    )


def _ignored(examined: Examination) -> Iterator[str]:
    if examined.ignored:
        yield f"<section><h2>{len(examined.ignored)} ignored</h2><ul>"
        for each in examined.ignored[:MOST]:
            until = f" (until {each.until})" if each.until else ""
            yield f"<li>{_text(f'{each.finding.key}: {each.reason}{until}')}</li>"
        yield "</ul></section>"


def _text(text: str, *, scrubbed: bool = True) -> str:
    """Write text as HTML, cut where it is too long to read; a remedy keeps its literals, which are settings."""
    text = scrub(text) if scrubbed else text
    return html.escape(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")
