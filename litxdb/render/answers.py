"""A command's answer: rows and facts as a table, as JSON or as CSV."""

from __future__ import annotations

import dataclasses
import enum
import itertools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from litxdb.redaction import redact
from litxdb.render.streams import console, is_terminal, line, lost, printable, write
from litxdb.render.wording import BARS, mark

Column = str | tuple[str, Callable[[Any], str]]
"""A column's heading, or its heading and how a person reads its values."""


class Form(enum.StrEnum):
    """How a result is written."""

    table = "table"
    json = "json"
    csv = "csv"


def json(answer: object, *, compact: bool = False) -> bool:
    """Write one JSON object: raw numbers, ISO 8601 times; `compact` on one line. Returns what `line` does."""
    from json import dumps  # here, as csv: a table needs neither, and they take 3 ms

    return line(dumps(_plain(answer), indent=None if compact else 2, ensure_ascii=False))


def rows(
    found: Iterable[object],
    form: Form,
    *,
    columns: Mapping[str, Column],
    within: object | None = None,
) -> None:
    """Write rows (dataclasses): a table of the given columns, or every field, raw, as JSON or CSV.

    `columns` maps a field to its heading, or to its heading and how a person reads it. `within` is the result that
    the rows belong to: its other fields stand beside "rows" in the JSON object. JSON and CSV are written as the rows
    come, and no further row is asked for once nobody reads; a table is drawn when all are there.
    """
    records = map(record, found)
    if form is Form.json:
        _json(records, {} if within is None else record(within))
    elif form is Form.csv:
        _csv(records, list(columns))
    elif known := list(records):
        shown = {name: (column, cell) if isinstance(column, str) else column for name, column in columns.items()}
        cells = [[read(record[name]) for name, (_, read) in shown.items()] for record in known]
        _table(cells, [heading for heading, _ in shown.values()])


def facts(known: Mapping[str, str | None]) -> None:
    """Write one thing's properties, a line each; what is not known is left out."""
    width = max(map(len, known), default=0)
    for name, value in known.items():
        if value:
            line(f"{name:<{width}}  {printable(value)}")


def statement(text: str | None) -> str:
    """Write a statement in one line; a terminal gets its beginning.

    >>> statement("select 1\\n  from t")
    'select 1 from t'
    """
    line = " ".join((text or "").split())
    return f"{line[:99]}…" if len(line) > 100 and is_terminal(sys.stdout) else printable(redact(line))


def record(row: object) -> dict[str, Any]:
    """Return a row's fields by name."""
    if isinstance(row, Mapping):
        return dict(row)
    assert dataclasses.is_dataclass(row)
    return {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}


def cell(value: object) -> str:
    """Write a value of no particular kind."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return mark(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S%z")
    return printable(redact(str(value)))


def _plain(value: object) -> object:
    """Reduce a result to what JSON knows."""
    if dataclasses.is_dataclass(value) or isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in record(value).items()}
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


def _json(records: Iterable[Mapping[str, Any]], beside: Mapping[str, Any]) -> None:
    """Write what `json` would, one row at a time."""
    from json import dumps

    opening = '\n  "rows": ['  # two blanks: of no inner object
    before, _, after = dumps(_plain({**beside, "rows": []}), indent=2, ensure_ascii=False).partition(opening)
    before += opening
    for each in records:
        text = dumps(_plain(each), indent=2, ensure_ascii=False).replace("\n", "\n    ")
        if not write(sys.stdout, f"{before}\n    {text}", end=""):
            return
        before = ","
    line(f"\n  {after}" if before == "," else f"{before}{after}")


def _csv(records: Iterable[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Write a heading, the first row's names or else those given, and a line for each row."""
    import csv
    import io

    waiting = iter(records)
    start = list(itertools.islice(waiting, 1))
    names = list(start[0]) if start else names
    values = ([_raw(each[name]) for name in names] for each in itertools.chain(start, waiting))
    for row in itertools.chain([names], values):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(row)
        if not line(text.getvalue().removesuffix("\n")):
            return


def _raw(value: object) -> object:
    """Write a value as JSON would, text without its quotes."""
    from json import dumps

    plain = _plain(value)
    is_bare = isinstance(plain, (str, int, float, type(None))) and not isinstance(plain, bool)
    return plain if is_bare else dumps(plain)


def _table(cells: Sequence[Sequence[str]], headings: Sequence[str]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for index, heading in enumerate(headings):
        numeric = all(not row[index] or row[index].lstrip(" -")[:1].isdigit() for row in cells)
        bars = any(not BARS.isdisjoint(row[index]) for row in cells)
        justify: Literal["left", "right"] = "right" if numeric and any(row[index] for row in cells) else "left"
        # what is narrow stays whole, and text takes several lines: a name that is cut off cannot be typed
        table.add_column(heading, justify=justify, no_wrap=numeric or bars, overflow="fold")
    for row in cells:
        table.add_row(*(Text(value, style="green" if value == "✓" else "red" if value == "✗" else "") for value in row))
    screen = console(sys.stdout)
    try:
        with screen.capture() as drawn:
            screen.print(table)
    except OSError as error:  # rich ends by writing an empty text, which a full disk refuses if nothing is buffered
        lost(sys.stdout, error)
    else:
        write(sys.stdout, drawn.get().removesuffix("\n"))
