"""Pages that litxdb writes, read as a browser would not: strictly."""

from __future__ import annotations

from html.parser import HTMLParser


class Strict(HTMLParser):
    """Sees that every element is closed, and what a page asks for from elsewhere."""

    EMPTY = ("meta", "link", "br", "rect", "polyline")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.outside += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href", "data")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            assert self.open.pop() == tag


def parsed(text: str) -> Strict:
    """Read a page; it has to be well-formed."""
    parser = Strict()
    parser.feed(text)
    assert parser.open == []
    return parser
