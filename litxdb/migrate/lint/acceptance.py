"""Findings that somebody accepted: comments in a revision's file, `# litxdb: accept RULE reason`."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT = re.compile(r"#\s*litxdb:\s*accept\b[ \t]*(?P<rule>[\w-]*)[ \t:]*(?P<reason>.*)")


@dataclass(frozen=True)
class Acceptance:
    """One comment: it holds for the whole revision, and needs a reason."""

    rule: str
    reason: str
    line: int


def acceptances(source: str) -> Iterator[Acceptance]:
    """Read the comments of a file; a text that only looks like one, in a string, is none.

    >>> list(acceptances("x = '# litxdb: accept a b'  # litxdb: accept opaque-block it is short"))
    [Acceptance(rule='opaque-block', reason='it is short', line=1)]
    """
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        match = _COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
        if match:
            yield Acceptance(match["rule"], match["reason"].strip(), token.start[0])
