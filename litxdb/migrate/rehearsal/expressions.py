"""Made-up values: for a column's type, SQL that makes the value of any ordinal number."""

from __future__ import annotations

import re
from dataclasses import dataclass

from litxdb.quoting import literal

NUMBERED = "litxdb_number"
"""Stands in an expression for the ordinal number, a bigint from 0 on."""

POOL = "pg_temp.litxdb_pool"
POOL_BYTES = 65536
VECTORS = 256
"""Half of the pool's vectors: each of one half and each of the other make 65,536 different sums."""

TEXTUAL = frozenset({"text", "varchar", "bpchar", "name", "citext"})
WIDTH = 32
"""Bytes of a text whose width on the target is not known."""

DIMENSIONS = 8
SIMPLE = {
    "int8": "({n} + {number})",
    "int4": "({n} + {number})",
    "oid": "({n} + {number})",
    "numeric": "({n} + {number})",
    "float4": "({n} * 0.5)",
    "float8": "({n} * 0.5)",
    "money": "({n})::numeric",
    "uuid": "md5(({n})::text || '.{number}')",
    "timestamp": "(timestamp '2024-01-01' + {number} * interval '1 minute' + {n} * interval '1 second')",
    "timestamptz": "(timestamptz '2024-01-01 00:00Z' + {number} * interval '1 minute' + {n} * interval '1 second')",
    "interval": "({n} * interval '1 second')",
    "inet": "('10.0.0.0'::inet + {n})",
    "cidr": "host('10.0.0.0'::inet + {n})",
    "tsvector": "('word{number} w' || {n})",
    "point": "('(' || {n} || ',{number})')",
    "int4range": "('[' || {n} || ',' || {n} + 1 || ')')",
    "int8range": "('[' || {n} || ',' || {n} + 1 || ')')",
    "numrange": "('[' || {n} || ',' || {n} + 1 || ')')",
    "tsrange": "tsrange(timestamp '2024-01-01' + {n} * interval '1 hour', "
    "timestamp '2024-01-01 01:00' + {n} * interval '1 hour')",
    "tstzrange": "tstzrange(timestamptz '2024-01-01 00:00Z' + {n} * interval '1 hour', "
    "timestamptz '2024-01-01 01:00Z' + {n} * interval '1 hour')",
}
"""Types with a value for every number. Later columns of a row are a little greater: an end comes after its start."""

LIMITED = {
    "bool": ("({n} = 0)", 2),
    "date": ("(date '2000-01-01' + ({n} + {number})::int)", 20000),
    "time": ("(time '00:00' + {n} * interval '1 second')", 86400),
    "timetz": ("(timetz '00:00Z' + {n} * interval '1 second')", 86400),
    "daterange": ("daterange(date '2000-01-01' + ({n})::int, date '2000-01-02' + ({n})::int)", 20000),
}
TRIED = ("1", "a", "A", "{}", "(1,1)", "(1,1),(2,2)", "{1,1,1}", "{1:1}/8", "[1,1]", "a=>1", "a.b", "08:00:2b:01:02:03",
         "<(1,1),1>", "1.1.1.1", "08:00:2b:01:02:03:04:05", "0/1", "empty", "2024-01-01")  # fmt: skip
"""What some other type may accept; where none of these will do, the column has no value."""

_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_FIGURE = re.compile(r"(?<![\w.'])-?\d+(?:\.\d+)?(?![\w.'])")


@dataclass(frozen=True)
class Column:
    """A column, as sql/rehearse/columns.sql describes it; `width` and `nulls` are the target's where known."""

    table: str
    name: str
    number: int
    type: str
    base: str
    schema: str
    modifier: str
    element: str | None
    labels: tuple[str, ...]
    required: bool
    automatic: bool
    rules: str
    width: int | None = None
    nulls: float = 0


@dataclass(frozen=True)
class Values:
    """An expression in NUMBERED, cast to the column's type; all numbers below `count` make different values."""

    expression: str
    count: int | None = None

    def at(self, number: str) -> str:
        """Write the value for this number, a SQL expression."""
        number = number if self.count is None else f"(({number}) % {self.count})"
        return self.expression.replace(NUMBERED, number)


def candidates(column: Column) -> list[Values]:
    """Return what may do for a column, the likeliest first; what its rules refuse is sorted out by trying.

    >>> plain = Column("t", "c", 2, "bigint", "int8", "pg_catalog", "", None, (), True, False, "")
    >>> candidates(plain)[0].at("i")
    '((i) + 2)::bigint'
    """
    found = _typed(column)
    if column.base in TEXTUAL:
        shapes = ("'user' || {n} || '@example.org'", "'https://example.org/' || {n}", "'a' || {n}", "'A' || {n}", "{n}")
        found += [Values(f"({shape.format(n=f'({NUMBERED})')})::{column.type}") for shape in shapes]
    return found


def literals(column: Column, rules: str) -> list[str]:
    """List the values that checks mention, and whole numbers between their figures.

    >>> plain = Column("t", "c", 2, "text", "text", "pg_catalog", "", None, (), True, False, "")
    >>> literals(plain, "(c = ANY (ARRAY['on'::text, 'off'::text]))"), literals(plain, "c >= 1 AND c <= 3")
    (['on', 'off'], ['0', '1', '2', '3', '4'])
    """
    words = [text.replace("''", "'") for text in _LITERAL.findall(rules)]
    figures = [float(text) for text in _FIGURE.findall(rules)]
    if not figures:
        return list(dict.fromkeys(words))
    low, high = int(min(figures)) - 1, int(max(figures)) + 1
    step = max(1, (high - low) // 1000)
    between = [str(value) for value in range(low, high + 1, step)]
    exact = [f"{value:g}" for value in figures] + [str((min(figures) + max(figures)) / 2)]
    return list(dict.fromkeys([*words, *between, *(value for value in exact if not value.endswith(".0"))]))


def chosen(column: Column, texts: list[str]) -> Values:
    """Return these texts, as values of the column, in turn."""
    array = ", ".join(literal(text) for text in texts)
    return Values(f"((array[{array}]::text[])[1 + ({NUMBERED})::int])::{column.type}", len(texts))


def _typed(column: Column) -> list[Values]:
    if column.labels:
        return [chosen(column, list(column.labels))]
    if column.base in TEXTUAL:
        return [_text(column)]
    if column.base in ("json", "jsonb"):
        return [Values(f"(jsonb_build_object('n', {NUMBERED}, 'text', {_words(_width(column))}))::{column.type}")]
    if column.base == "bytea":
        return [Values(f"convert_to({_words(_width(column))}, 'UTF8')::{column.type}")]
    if column.base in ("vector", "halfvec"):
        return [_vector(column)]
    if column.base in ("bit", "varbit"):
        bits = int(column.modifier.strip("()") or 32)
        return [Values(f"(({NUMBERED})::bigint::bit({bits}))::{column.type}", 2 ** min(bits, 62))]
    if column.element is not None:
        one = Values(f"(array[({NUMBERED})::text])::{column.type}")
        return [one, Values(f"(array[md5(({NUMBERED})::text)])::{column.type}"), Values(f"('{{}}')::{column.type}", 1)]
    return _simple(column)


def _simple(column: Column) -> list[Values]:
    words = {"n": f"({NUMBERED})", "number": column.number}
    if column.base == "numeric" and column.modifier:
        precision, _, scale = column.modifier.strip("()").partition(",")
        whole = max(int(precision) - int(scale or 0), 0)
        return [Values(f"({NUMBERED})::{column.type}", min(10**whole, 10**18))]
    if column.base == "int2":
        return [Values(f"(({NUMBERED}) + 1)::{column.type}", 32766)]
    if column.base in LIMITED:
        shape, count = LIMITED[column.base]
        return [Values(f"{shape.format(**words)}::{column.type}", int(count))]
    if column.base in SIMPLE:
        return [Values(f"{SIMPLE[column.base].format(**words)}::{column.type}")]
    return [Values(f"({literal(text)})::{column.type}", 1) for text in TRIED]


def _width(column: Column) -> int:
    return min(column.width or WIDTH, POOL_BYTES // 2)


def _text(column: Column) -> Values:
    longest = int(column.modifier.strip("()")) if column.modifier else POOL_BYTES
    width = min(_width(column), longest)
    if width < 10:
        width = min(10, longest)
    if width < 10:  # numbers of so many digits
        return Values(f"lpad(({NUMBERED})::text, {width}, '0')::{column.type}", 10**width)
    return Values(f"left(({NUMBERED}) || '.{column.number} ' || {_words(width)}, {width})::{column.type}")


def _words(width: int) -> str:
    """Write text that compresses as badly as a hash; short ones are hashes, long ones cut out of the pool."""
    if width <= 64:
        return f"md5(({NUMBERED})::text)" + (f" || md5(({NUMBERED})::text || 'b')" if width > 32 else "")
    cut = width * 3 // 4 + 1
    start = f"1 + ((({NUMBERED}) * 7919) % {POOL_BYTES - cut})::int"
    return f"encode(substring((select bytes from {POOL} where number = 0) from {start} for {cut}), 'base64')"


def _vector(column: Column) -> Values:
    """Add up two of the pool's vectors: that is quicker than a new one, and all are different."""
    dimensions = int(column.modifier.strip("()") or DIMENSIONS)
    picked = "(select reals[:{}] from {} where number = {})::{}.{}"
    kind = (dimensions, POOL)
    one = picked.format(*kind, f"({NUMBERED}) % {VECTORS}", column.schema, column.base)
    other = picked.format(*kind, f"{VECTORS} + (({NUMBERED}) / {VECTORS}) % {VECTORS}", column.schema, column.base)
    return Values(f"({one} operator({column.schema}.+) {other})::{column.type}")
