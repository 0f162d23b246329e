"""The dashboard as a document: how it is now, what was seen when it was last looked at, and what to type."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterator
from importlib.resources import files

from litxdb import __version__
from litxdb.doctor.amounts import age
from litxdb.doctor.page.document import TITLES
from litxdb.doctor.page.parts import shown, stylesheet, write_checks, write_findings, write_ignored, write_trends
from litxdb.doctor.results import Status
from litxdb.redaction import redact
from litxdb.results import Health
from litxdb.serve.cached import Known
from litxdb.serve.overview import Overview
from litxdb.serve.page import sections
from litxdb.serve.page.charts import icon
from litxdb.serve.page.replication import replication_tile, write_replication
from litxdb.serve.page.tiles import tiles

SOON_SECONDS, LATER_SECONDS = 2, 60
"""After that the page is loaded anew: while something is awaited, and otherwise."""

COLORS = {Status.CRIT: "#c62828", Status.WARN: "#e3a008", Status.SKIP: "#9aa4ad"}
NAVIGATION = {
    "findings": "Findings",
    "sizes": "Tables",
    "slow": "Statements",
    "connections": "Connections",
    "locks": "Locks",
    "replication": "Replication",
    "backups": "Backups",
    "migrations": "Migrations",
    "checks": "Checks",
}


@functools.cache
def style() -> str:
    """Return the page's style: doctor's, and the dashboard's own."""
    return stylesheet() + files("litxdb.serve.page").joinpath("style.css").read_text(encoding="utf-8")


@functools.cache
def policy() -> str:
    """Return the Content-Security-Policy: nothing but this very style, and the icon that is in the page."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    rest = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; {rest}"


def dashboard(endpoint: str, health: Known[Health], cause: str | None, known: Known[Overview], interval: float) -> str:
    """Write the page; while nothing has been seen yet, one that soon asks again."""
    seen = known.answer
    if seen is None:
        return waiting(endpoint, known)
    title = "The database does not answer" if cause else TITLES.get(seen.examined.verdict, "Nothing wrong")
    color = COLORS[Status.CRIT] if cause else COLORS.get(seen.examined.verdict, "#2e7d32")
    # what is looked at seldom is meant to be left alone: a page that somebody forgot in a tab must not wake it
    again = SOON_SECONDS if known.reading_seconds is not None else LATER_SECONDS if interval <= 300 else None
    body = (
        f'<div class="tiles">{"".join(tile.html() for tile in (*tiles(seen), *replication_tile(seen)))}</div>',
        *write_trends(seen.examined.trends),
        '<section id="findings">',
        *(write_findings(seen.examined.findings) if seen.examined.findings else _well(seen)),
        "</section>",
        *sections.write_sizes(seen),
        *sections.write_slow(seen),
        *_pair(sections.write_connections(seen), sections.write_locks(seen)),
        *write_replication(seen),
        *_pair(sections.write_backups(seen), sections.write_migrations(seen)),
        '<div id="checks">',
        *write_checks(seen.examined.results),
        *write_ignored(seen.examined),
        "</div>",
    )
    head = _head(endpoint, title, health, cause, known)
    return _document(title, endpoint, color, again, (*head, *_navigation(body), *body))


def waiting(endpoint: str, known: Known[Overview]) -> str:
    """Write the page for when nothing has been seen yet."""
    said = "This takes a few seconds; the page comes by itself."
    if known.error:
        said = f"Looking at it failed: {known.error}"
    head = f'<header class="skip"><h1>Looking at the database…</h1><p>{shown(endpoint)}<br>{shown(said)}</p></header>'
    return _document("Looking at the database", endpoint, COLORS[Status.SKIP], SOON_SECONDS, (head,))


def _head(endpoint: str, title: str, health: Known[Health], cause: str | None, known: Known[Overview]) -> Iterator[str]:
    seen = known.answer
    assert seen is not None
    verdict = "crit" if cause else seen.examined.verdict
    server = f"PostgreSQL {shown(seen.examined.server_version)}, " if seen.examined.server_version else ""
    under_way = " — looking again…" if known.reading_seconds is not None else ""
    yield f'<header class="{verdict}"><h1>{title}</h1><p>{shown(endpoint)}<br>'
    yield f"{server}looked at {age(known.age_seconds or 0)} ago{under_way}</p><p>{_live(health, cause)}</p></header>"


def _navigation(body: tuple[str, ...]) -> Iterator[str]:
    """Lead to the sections that there are."""
    there = {name: heading for name, heading in NAVIGATION.items() if any(f' id="{name}"' in part for part in body)}
    links = "".join(f'<a href="#{name}">{heading}</a>' for name, heading in there.items())
    yield f"<nav>{links}</nav>"


def _live(health: Known[Health], cause: str | None) -> str:
    if cause:
        return f'<span class="live crit">does not answer</span> {shown(cause)}'
    taken = f"in {health.answer.milliseconds:.1f} ms, " if health.answer else ""
    return f'<span class="live ok">answers</span> {taken}{age(health.age_seconds or 0)} ago'


def _pair(left: Iterator[str], right: Iterator[str]) -> Iterator[str]:
    """Put two sections side by side, where there is room."""
    yield '<div class="pair">'
    yield from left
    yield from right
    yield "</div>"


def _well(seen: Overview) -> Iterator[str]:
    looked = sum(1 for result in seen.examined.results if result.examined)
    yield f'<p class="note">{looked} checks looked, and found nothing wrong.</p>'


def _document(title: str, endpoint: str, color: str, again: int | None, body: tuple[str, ...]) -> str:
    refresh = f'<meta http-equiv="refresh" content="{again}">' if again else ""
    return redact(
        "\n".join(
            (
                '<!doctype html><html lang="en"><head><meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                f'<meta name="color-scheme" content="light dark">{refresh}<link rel="icon" href="{icon(color)}">',
                f"<title>{title}: {shown(endpoint)}</title><style>{style()}</style></head><body><main>",
                *body,
                f"<footer>litxdb {__version__} · <code>litxdb doctor</code> says the same on a terminal, and "
                "<code>litxdb doctor --fix</code> what the remedies would do</footer></main></body></html>\n",
            )
        )
    )
