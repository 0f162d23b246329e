"""How a person's value may stand in a text, and among bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from litxdb.privacy.results import Person
from litxdb.quoting import literal

BEFORE, AFTER = "(^|[^[:alnum:]._%+-])", "(?=$|[^[:alnum:]_.-]|[.]($|[^[:alnum:]]))"
"""What may stand beside a value that is meant as a whole: not a longer e-mail, but the end of a sentence."""
BEFORE_BYTES = r"(^|[^[:alnum:]._%+-]|\\[0-7]{3})"
"""The same among bytes: also one that is written as digits."""
SLICE_BYTES = 1_000_000
"""Bytes are looked at in slices: as a text they may have four times as many letters, and no text has over 1 GB."""
BESIDE = 8
"""How many bytes a slice has beyond the values in it, for what may stand before and behind."""


class Sought(NamedTuple):
    """A value as encode(…, 'escape') writes its bytes, small if capitals do not matter, and the pattern of it."""

    written: str
    pattern: str
    caseless: bool


def spellings(value: str) -> list[str]:
    r"""Return a value as it stands in a text, and as JSON may write it.

    >>> spellings("ada@example.org"), len(spellings("ü"))
    (['ada@example.org'], 2)
    """
    return list(dict.fromkeys((value, json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(value)[1:-1])))


def pattern(value: str, before: str = BEFORE) -> str:
    """Return the regular expression of PostgreSQL's for a value that stands as a whole.

    >>> "a[.]b" in pattern("a.b")
    True
    """
    escaped = re.sub(r"[^\w\s]", lambda sign: rf"\{sign[0]}" if sign[0] in r"\^]" else f"[{sign[0]}]", value)
    return f"{before}{escaped}{AFTER}"


def mentioned(text: str, value: str, caseless: bool) -> str:
    """Return the condition that a text has a value; the quick search first, as texts may be long."""
    searched, sought = (f"lower({text})", f"lower({literal(value)})") if caseless else (text, literal(value))
    whole = f"{text} {'~*' if caseless else '~'} {literal(pattern(value))}"
    return f"case when strpos({searched}, {sought}) > 0 then {whole} else false end"


def sought_in_bytes(person: Person) -> Iterator[Sought]:
    """List what to look for among bytes."""
    for name, known in person.identifiers.items():
        for value in spellings(known):
            written, caseless = _escaped(value), name in person.caseless
            yield Sought(written.lower() if caseless else written, pattern(written, BEFORE_BYTES), caseless)


def margin(person: Person) -> int:
    """Return how many bytes of the next slice each slice has as well, so that no value is cut."""
    return BESIDE + max(len(each.encode()) for known in person.identifiers.values() for each in spellings(known))


def mentioned_in_bytes(value: str, person: Person) -> str:
    """Return the condition that bytes have one of the person's values, in UTF-8, strange bytes being three digits.

    Each slice begins a byte early. A letter stands for what is cut off, so that a value at an edge counts in the slice
    that has what is beside it. ||, as a value that the server has unpacked is quickly cut; no join, as Memoize
    would keep all bytes.
    """
    length = SLICE_BYTES + margin(person)
    conditions = " or ".join(
        f"case when strpos({'s.lowered' if each.caseless else 's.body'}, {literal(each.written)}) > 0 "
        f"then s.body {'~*' if each.caseless else '~'} {literal(each.pattern)} else false end"
        for each in sought_in_bytes(person)
    )
    return (
        "exists (select from (select e.body, lower(e.body) as lowered from (select "
        f"case when p.start > 0 then 'x' else '' end "
        f"|| encode(substring(p.body from p.start + 1 for {length}), 'escape') "
        f"|| case when octet_length(p.body) - p.start > {length} then 'x' else '' end collate \"C\" as body from ("
        f"select v.body, greatest(generate_series(0, octet_length(v.body) - 1, {SLICE_BYTES}) - 1, 0) as start "
        f"from (select {value} || ''::bytea as body offset 0) v offset 0) p offset 0) e offset 0) s where {conditions})"
    )


def _escaped(value: str) -> str:
    r"""Return a text as PostgreSQL's encode(…, 'escape') writes its bytes.

    >>> _escaped("a\\b") == r"a\\b", _escaped("ü") == r"\303\274"
    (True, True)
    """
    written = {0: "\\000", 92: "\\\\"}
    return "".join(written.get(byte) or (chr(byte) if byte < 128 else f"\\{byte:03o}") for byte in value.encode())
