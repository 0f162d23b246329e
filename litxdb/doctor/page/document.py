"""The page: verdict, charts, findings with what to type, and every check with what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from litxdb import __version__
from litxdb.doctor.page.parts import shown, stylesheet, write_checks, write_findings, write_ignored, write_trends
from litxdb.doctor.results import Examination, Status

WORDS = {
    Status.CRIT: "critical",
    Status.WARN: "warnings",
    Status.INFO: "worth knowing",
    Status.OK: "ok",
    Status.SKIP: "skipped",
    Status.ERROR: "failed",
}
TITLES = {
    Status.CRIT: "Something is critical",
    Status.WARN: "Something needs looking after",
    Status.SKIP: "Nothing was examined",
}


def page(examined: Examination) -> str:
    """Write the page, less than 200 kB whatever was found; statements lose their literals."""
    title = TITLES.get(examined.verdict, "Nothing wrong")
    return "\n".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{title}: {shown(examined.endpoint)}</title><style>{stylesheet()}</style></head><body><main>",
            *_head(examined, title),
            *write_trends(examined.trends),
            *write_findings(examined.findings),
            *write_checks(examined.results),
            *write_ignored(examined),
            f"<footer>litxdb {__version__}, {examined.started:%Y-%m-%d %H:%M:%S} UTC</footer></main></body></html>\n",
        )
    )


def _head(examined: Examination, title: str) -> Iterator[str]:
    levels = Counter(finding.level for finding in examined.findings)
    counts = {**{Status(name): number for name, number in examined.counts.items()}, **levels}
    server = f"PostgreSQL {shown(examined.server_version)}" if examined.server_version else "no connection"
    yield f'<header class="{examined.verdict}"><h1>{title}</h1>'
    yield f"<p>{shown(examined.endpoint)}<br>{server}, examined in {examined.milliseconds / 1000:.2f} s</p></header>"
    numbers = (
        f'<li class="{status}"><strong>{number}</strong> {word if number > 1 else word.removesuffix("s")}</li>'
        for status, word in WORDS.items()
        if (number := counts.get(status, 0))
    )
    yield f'<ul class="counts">{"".join(numbers)}</ul>'
