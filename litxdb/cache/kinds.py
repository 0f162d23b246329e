"""The keys of LitXplore's cache, which its services write too: kinds, versions, environments and time to live."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from litxdb.errors import ArgumentInvalid

LONGEST = 1024
"""Characters of an id; an arXiv id has 16, `upload_` and a hash 71."""


@dataclass(frozen=True)
class Kind:
    """One kind of entry: a versioned one belongs to an environment, a binary one is bytes and not JSON."""

    name: str
    versioned: bool
    binary: bool = False

    def ttl_seconds(self, environment: str) -> int:
        """Return how long an entry lives: an hour, in production a day for what a model wrote."""
        return 86400 if self.versioned and environment == "production" else 3600

    def key(self, id: str, version: int, environment: str) -> str:
        """Return the key of an entry; raises ArgumentInvalid for an id that is empty, too long or no text.

        >>> KINDS["analysis"].key("2307.12345", 3, "production"), KINDS["search"].key("9f86d0", 3, "production")
        ('analysis:2307.12345:v3:production', 'search:9f86d0')
        """
        if not isinstance(id, str):
            raise ArgumentInvalid(f"An id of {self.name} is a text, not {type(id).__name__}.")
        if not 0 < len(id) <= LONGEST:
            raise ArgumentInvalid(f"An id of {self.name} has 1 to {LONGEST} characters, not {len(id)}.")
        return f"{self.name}:{id}:v{version}:{environment}" if self.versioned else f"{self.name}:{id}"

    def encode(self, value: Any) -> bytes:
        """Return what Redis keeps; raises TypeError or ValueError for what JSON, or bytes, cannot be."""
        if not self.binary:
            return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise TypeError(f"{self.name} keeps bytes, not {type(value).__name__}")
        return bytes(value)

    def decode(self, payload: bytes) -> Any:
        """Return the value; raises ValueError for what nobody can have encoded."""
        return payload if self.binary else json.loads(payload)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("analysis", versioned=True),
        Kind("in_depth", versioned=True),
        Kind("key_insights", versioned=True),
        Kind("vectorstore", versioned=False, binary=True),
        Kind("search", versioned=False),
    )
}
OF_PAPERS = ("analysis", "in_depth", "key_insights", "vectorstore")
"""The kinds whose id is a paper's."""

_KEY = re.compile(
    r"(?P<kind>analysis|in_depth|key_insights):(?P<id>.+):v(?P<version>\d{1,9}):(?P<environment>[a-z]+)"
    r"|(?P<plain>vectorstore|search):(?P<rest>.+)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Name:
    """A key taken apart; what has no version has no environment either."""

    kind: str
    id: str
    version: int | None = None
    environment: str | None = None


def parse(key: str) -> Name | None:
    """Take a key apart; None for a key that is not LitXplore's.

    >>> parse("analysis:2307.12345:v3:production")
    Name(kind='analysis', id='2307.12345', version=3, environment='production')
    >>> parse("vectorstore:upload_9f86").id, parse("celery-task-meta-1")
    ('upload_9f86', None)
    """
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    if found["plain"]:
        return Name(found["plain"], found["rest"])
    return Name(found["kind"], found["id"], int(found["version"]), found["environment"])


def kind_named(name: str) -> Kind:
    """Return a kind by its name; raises ArgumentInvalid with what there is."""
    try:
        return KINDS[name.replace("-", "_")]
    except KeyError:
        raise ArgumentInvalid(f"There is no kind {name!r} in the cache.", f"One of: {', '.join(KINDS)}.") from None


def version_key(kind: Kind, environment: str) -> str:
    """Return the key that says which version of a kind counts; without it the first does.

    >>> version_key(KINDS["analysis"], "test")
    'version:analysis:test'
    """
    return f"version:{kind.name}:{environment}"


def lock_key(key: str) -> str:
    """Return the key that is there while somebody makes the entry."""
    return f"lock:{key}"


def is_ours(key: str) -> bool:
    """Tell whether a key is the cache's own bookkeeping, and no entry.

    >>> is_ours("version:analysis:test"), is_ours("lock:search:9f86"), is_ours("lock:door")
    (True, True, False)
    """
    head, _, rest = key.partition(":")
    return (head == "lock" and parse(rest) is not None) or (head == "version" and rest.partition(":")[0] in KINDS)


def literal(text: str) -> str:
    r"""Write a text so that SCAN's MATCH finds it and nothing else.

    >>> print(literal("a*b[c]"))
    a\*b\[c\]
    """
    return re.sub(r"([\\*?\[\]])", r"\\\1", text)


def number(text: object) -> int:
    """Read a version that Redis keeps; what is none is the first.

    >>> number(b"7"), number(None), number(b"seven"), number(b"-1")
    (7, 1, 1, 1)
    """
    return max(1, int(text)) if isinstance(text, bytes) and re.fullmatch(rb"\d{1,9}", text) else 1


def names(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the names of kinds as they are written in keys, each of them once; all where none is given."""
    return tuple(dict.fromkeys(kind_named(kind).name for kind in kinds)) or tuple(KINDS)
