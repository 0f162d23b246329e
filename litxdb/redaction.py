"""Keeps secrets out of everything that litxdb writes: whoever learns a password registers it here first.

The writers (render, the log formatter, main()) pass all text through `redact`, so that no caller can forget.
"""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus

MASK = "***"
SHORTEST = 4
"""A shorter secret is masked only where it stands as a password: masking every "a" would hide the message."""

_anywhere: set[str] = set()
_IN_URL = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)(?P<secret>[^\s/?#]*)(?=@)", re.IGNORECASE)
_IN_DSN = re.compile(r"(?P<head>\b(?:ssl)?password\s*=\s*)(?P<secret>'(?:\\.|[^'\\])*'|[^\s&'\"]+)", re.IGNORECASE)


def remember(secret: str | None, public: frozenset[str] = frozenset()) -> None:
    """Mask this secret, raw and encoded, in all later output of the process.

    A secret that equals one of the `public` words (the user's name, say) is masked only where it stands as a password.
    """
    if secret and len(secret) >= SHORTEST and secret not in public:
        _anywhere.update({secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]})
        _anywhere.add(secret.replace("\\", "\\\\").replace("'", "\\'"))


def redact(text: str) -> str:
    """Replace every remembered secret, and whatever stands where a URL or a DSN has its password.

    >>> redact("postgresql://ada:open@db/litx?sslmode=require, host=db password='o p'")
    'postgresql://ada:***@db/litx?sslmode=require, host=db password=***'
    """
    for secret in sorted(_anywhere, key=len, reverse=True):
        text = text.replace(secret, MASK)
    text = _IN_URL.sub(rf"\g<head>{MASK}", text)
    return _IN_DSN.sub(rf"\g<head>{MASK}", text)


_SQL = re.compile(
    r"""
    (?P<kept> "(?:[^"]|"")*" | \$\d+ )                                      # quoted names, parameters
    | (?P<comment> /\*(?:/\*.*?\*/|.)*?(?:\*/|\Z) | --[^\n]* )
    | (?P<value>
        \b[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)                                  # a text may be cut off
        | (?:\b(?:[bBxXnN]|[uU]&))?'(?:[^']|'')*(?:'|\Z)
        | \$(?P<tag>[^\W\d]\w*|)\$.*?(?:\$(?P=tag)\$|\Z)
        | (?<![\w$])(?:0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
    )
    """,
    re.VERBOSE | re.DOTALL,
)


def without_values(statement: str) -> str:
    r"""Take the values and the comments out of a SQL statement: what other people's sessions run holds users' data.

    >>> without_values("select * from t1 where e = 'ada@x.org' and a1 = $1 and n > 4.2 -- for ada")
    'select * from t1 where e = ? and a1 = $1 and n > ? '
    >>> without_values(r"insert into t values (E'it\'s', $$secret$$, 'cut o")
    'insert into t values (?, ?, ?'
    """
    return _SQL.sub(lambda match: match["kept"] or ("" if match["comment"] else "?"), statement)
