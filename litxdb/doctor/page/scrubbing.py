"""Taking people's data out of text that leaves the machine: a statement's literals are somebody's search or e-mail."""

from __future__ import annotations

import re

from litxdb.redaction import without_values

_QUOTED = re.compile(r"(?:(?<!\w)|\b[eE])'(?:[^'\\]|''|\\.)*(?:'|$)|\$(\w*)\$.*?(?:\$\1\$|$)", re.DOTALL)
_STATEMENT = re.compile(
    r"\b(?:select\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|with\s+\S+\s+as\s|merge\s+into\s|call\s|values\s*\()",
    re.IGNORECASE,
)


def scrub(text: str) -> str:
    """Replace the literals of SQL: quoted text everywhere, numbers from where a statement begins.

    >>> scrub("idle for 912 s: select * from t1 where id = 42 and mail = 'a@b.c'")
    'idle for 912 s: select * from t1 where id = ? and mail = ?'
    >>> scrub("the server's own, by litxdb's list"), scrub("role 'ada' and e'b'")
    ("the server's own, by litxdb's list", 'role ? and ?')
    >>> scrub("no such row, cut short 'ada@exam"), scrub("$x$secret$x$")
    ('no such row, cut short ?', '?')
    """
    text = _QUOTED.sub("?", text)
    start = _STATEMENT.search(text)
    return text[: start.start()] + without_values(text[start.start() :]) if start else text
