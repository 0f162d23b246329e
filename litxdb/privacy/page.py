"""The page in an export: what the rows say, for somebody who has a browser and nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from litxdb import __version__
from litxdb.privacy.results import Manifest

FOLDED = 280
"""Characters from which on a text is folded away behind its beginning."""
WIDE = 60
"""Characters from which on a text has the whole width."""
MOST_BYTES = 300_000
"""Text of one table on the page: a browser of a phone has to open it."""
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?\+00:00")
PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {127: 0x2421}
"""Control characters, each as the sign that stands for it."""


@dataclass(frozen=True)
class Section:
    """A table on the page: its first rows, of so many in `file`."""

    title: str
    about: str | None
    file: str
    rows: int
    shown: Sequence[dict[str, Any]]
    referenced: bool = False


def page(manifest: Manifest, sections: Sequence[Section]) -> str:
    """Write the page: it needs no other file and no network, runs no script, and shows every value as text."""
    style = files("litxdb.privacy").joinpath("page.css").read_text(encoding="utf-8")
    who = text(next((value for name, value in manifest.person.identifiers.items() if "@" in value), "one person"))
    body = "\n".join([*_opening(manifest, sections, who), *_all(sections), *_closing(manifest)])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>Personal data of {who}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _opening(manifest: Manifest, sections: Sequence[Section], who: str) -> Iterator[str]:
    own = [section for section in sections if not section.referenced and section.rows]
    yield (
        f'<header><p class="kicker">Export of personal data</p><h1><bdi>{who}</bdi></h1>'
        f"<p>All that the database <bdi>{text(manifest.database)}</bdi> held about this person on "
        f"{manifest.snapshot_at:%d %B %Y at %H:%M} UTC: {_counted(manifest.rows, 'record')} of {len(own)} kinds."
        "</p></header>"
    )
    yield "<nav aria-label='Contents'><ul>"
    yield from (
        f'<li><a href="#s{number}"><bdi>{text(section.title)}</bdi></a> <span>{section.rows:,}</span></li>'
        for number, section in enumerate(sections)
        if section.rows
    )
    yield "</ul></nav>\n<main>"


def _all(sections: Sequence[Section]) -> Iterator[str]:
    for number, section in enumerate(sections):
        if section.rows:
            yield f'<section id="s{number}"><h2><bdi>{text(section.title)}</bdi></h2>'
            yield from _one(section)
            yield "</section>"


def _one(section: Section) -> Iterator[str]:
    if section.referenced:
        yield '<p class="about">Belongs to others, or to everybody; here is what makes the records above readable.</p>'
    elif section.about:
        yield f'<p class="about" dir="auto">{text(section.about)}</p>'
    shown, length = 0, 0
    for row in section.shown:
        card = _card(row)
        length += len(card)
        if shown and length > MOST_BYTES:
            break
        shown += 1
        yield card
    if shown < section.rows:
        yield f'<p class="rest">{_counted(section.rows - shown, "more record")} in the file {text(section.file)}.</p>'


def _card(row: dict[str, Any]) -> str:
    """Write a record; what it does not have is left out."""
    fields = "".join(_field(name, value) for name, value in row.items() if value not in (None, "", [], {}))
    return f"<article><dl>{fields or '&ndash;'}</dl></article>"


def _field(name: str, value: Any) -> str:
    written = readable(value) if isinstance(value, str) else outline(value)
    shown, wide = text(written), len(written) > WIDE or "\n" in written
    if len(written) > FOLDED:
        shown = f"<details><summary>{text(written[:120])}…</summary>{shown}</details>"
    return (
        f'<div{" class=wide" if wide else ""}><dt><bdi>{text(title(name))}</bdi></dt><dd dir="auto">{shown}</dd></div>'
    )


def outline(value: Any) -> str:
    """Write JSON as a person does: a line for each thing, and what is within it further right.

    >>> print(outline([{"id": "x", "authors": ["Ada", "Bob"]}, {"id": "y", "read": True, "more": {}}]))
    • Id: x
      Authors: Ada, Bob
    • Id: y
      Read: yes
      More: none
    """
    try:
        return "\n".join(_lines(value))
    except RecursionError:
        return "… nested too deeply to be shown here: see the file"


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict) and value:
        return [line for name, each in value.items() for line in _led(f"{title(name)}:", _lines(each), each)]
    if isinstance(value, list) and any(isinstance(each, (dict, list)) for each in value):
        return [f"{' ' if number else '•'} {line}" for each in value for number, line in enumerate(_lines(each))]
    if isinstance(value, list) and value:
        return [", ".join(line for each in value for line in _lines(each))]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return readable("none" if value in (None, {}, []) else str(value)).split("\n")


def _led(lead: str, lines: list[str], value: Any) -> list[str]:
    """Put a heading before what it is about, on the same line if that is short."""
    if len(lines) == 1 and not (isinstance(value, dict) and value):
        return [f"{lead} {lines[0]}"]
    return [lead, *(f"  {line}" for line in lines)]


def readable(value: str) -> str:
    """Write a time as a person does, and any other text as it is.

    >>> readable("2026-11-22T10:19:52.469719+00:00"), readable("2026 was good")
    ('2026-11-22 10:19:52 UTC', '2026 was good')
    """
    moment = MOMENT.fullmatch(value)
    return f"{moment[1]} {moment[2]} UTC" if moment else value


def _closing(manifest: Manifest) -> Iterator[str]:
    proof = manifest.proof
    verdict = "Nothing was found outside." if proof.complete else "Not everything is here, see below."
    if not proof.columns:
        verdict = "Nothing could be searched for: it is not known what identifies a person."
    yield (
        "<section><h2>Is this all?</h2>"
        f"<p>Every table of the database ({proof.tables}) was searched for this person's identifiers, in "
        f"{proof.columns:,} columns, whatever the links between tables say. {verdict}</p>"
    )
    if proof.mentions:
        yield (
            "<ul>"
            + "".join(
                f"<li>{_counted(each.rows, 'row')} of <bdi>{text(each.table)}</bdi>, "
                f"column <bdi>{text(each.column)}</bdi>: {text(each.allowed or 'not accounted for')}</li>"
                for each in proof.mentions
            )
            + "</ul>"
        )
    if proof.unsearched:
        listed = ", ".join(f"<bdi>{text(each)}</bdi>" for each in proof.unsearched)
        yield f"<p>Not searched, as litxdb cannot look into it: {listed}.</p>"
    left_out = [each for each in manifest.tables if each.treatment == "excluded"]
    if left_out:
        yield "<h3>Left out</h3><ul>"
        yield from (f"<li><bdi>{text(each.table)}</bdi>: {text(each.reason)}</li>" for each in left_out)
        yield "</ul>"
    yield (
        "</section><section><h2>For a program</h2><p>The folder <code>data</code> has a file for each kind of record, "
        "one record a line, as JSON. <code>schema.json</code> says what the fields are, <code>manifest.json</code> how "
        "many records each file has and its checksum (SHA-256). Times are UTC. Other people whom a record names are "
        f"written as <q>another person</q> with a number.</p></section></main><footer>litxdb {__version__}</footer>"
    )


def title(name: str) -> str:
    """Make a heading of a table's name.

    >>> title("literature_reviews")
    'Literature reviews'
    """
    words = name.replace("_", " ").strip() or name
    return words[:1].upper() + words[1:]


def text(value: str) -> str:
    """Write a text so that it can be nothing else.

    >>> text("</script>\\x01")
    '&lt;/script&gt;␁'
    """
    return html.escape(value.translate(PICTURES))


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
