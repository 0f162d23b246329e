"""All output: tables, JSON and CSV on stdout, everything else on stderr; the only importer of rich.

Every text passes through `redact`. Control characters are shown as escapes, so that a value from the database can
neither colour the screen nor move the cursor.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TextIO

from litxdb.errors import AnswerLost, LitxdbError
from litxdb.redaction import redact

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

Column = str | tuple[str, Callable[[Any], str]]
"""A column's heading, or its heading and how a person reads its values."""

UNLIMITED = 32_000
"""Columns of a console that is no terminal: a pipe has no width, and nothing is cut in one."""


class Form(enum.StrEnum):
    """How a result is written."""

    table = "table"
    json = "json"
    csv = "csv"


def note(text: str) -> None:
    """Write a line for the person beside the answer, on stderr."""
    _write(sys.stderr, text)


def line(text: str = "") -> bool:
    """Write a line of the answer, on stdout, exactly as it is; False once nobody reads it any more."""
    return _write(sys.stdout, text)


def copy(file: BinaryIO) -> bool:
    """Write a file's bytes as the answer, on stdout, unchanged; returns what `line` does."""
    if sys.stdout is None:
        return False
    try:
        sys.stdout.flush()
        shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except OSError as error:
        return _lost(sys.stdout, error)
    return True


def clear() -> None:
    """Begin the screen anew, where the answer goes to a terminal."""
    if _is_terminal(sys.stdout):
        _write(sys.stdout, "\x1b[H\x1b[2J", end="")


def styled(*parts: tuple[str, str]) -> None:
    """Write a line of the answer, each part in its style on a terminal; never broken or cut: it may be pasted."""
    _styled(sys.stdout, *parts)


def width() -> int | None:
    """Return the columns of the terminal that the answer goes to; None for a pipe, which has no width."""
    return shutil.get_terminal_size().columns if _is_terminal(sys.stdout) else None


def failure(error: LitxdbError) -> None:
    """Say what happened and what to do next, on stderr."""
    _styled(sys.stderr, ("error: ", "bold red"), (error.message, ""))
    if error.hint:
        _styled(sys.stderr, ("  hint: ", "bold"), (error.hint, ""))


def json(answer: object, *, compact: bool = False) -> bool:
    """Write one JSON object: raw numbers, ISO 8601 times; `compact` on one line. Returns what `line` does."""
    from json import dumps  # here, as csv: a table needs neither, and they take 3 ms

    return line(dumps(_plain(answer), indent=None if compact else 2, ensure_ascii=False))


def rows(
    found: Sequence[object],
    form: Form,
    *,
    columns: Mapping[str, Column],
    within: object | None = None,
) -> None:
    """Write rows (dataclasses): a table of the given columns, or every field, raw, as JSON or CSV.

    `columns` maps a field to its heading, or to its heading and how a person reads it. `within` is the result that
    the rows belong to: its other fields stand beside "rows" in the JSON object.
    """
    records = [record(row) for row in found]
    if form is Form.json:
        json({**({} if within is None else record(within)), "rows": records})
    elif form is Form.csv:
        _csv(records, list(records[0]) if records else list(columns))
    elif records:
        shown = {name: (column, cell) if isinstance(column, str) else column for name, column in columns.items()}
        cells = [[read(record[name]) for name, (_, read) in shown.items()] for record in records]
        _table(cells, [heading for heading, _ in shown.values()])


def show_log() -> Callable[[], None]:
    """Write the library's log, SQL included, to stderr; returns what ends that."""
    import logging

    class Redacting(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return redact(super().format(record))

    handler = logging.StreamHandler()
    handler.setFormatter(Redacting("%(name)s  %(message)s"))
    logger = logging.getLogger("litxdb")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)

    def hide() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    return hide


def facts(known: Mapping[str, str | None]) -> None:
    """Write one thing's properties, a line each; what is not known is left out."""
    width = max(map(len, known), default=0)
    for name, value in known.items():
        if value:
            line(f"{name:<{width}}  {printable(value)}")


class Progress:
    """What is under way and what is done, a line each on stderr; on a terminal with a spinner."""

    def __init__(self) -> None:
        self._status: Status | None = None

    def start(self, title: str) -> None:
        """Show that this is under way."""
        if _is_terminal(sys.stderr):
            self._status = _console(sys.stderr).status(printable(redact(title)))
            self._status.start()

    def update(self, title: str) -> None:
        """Show that this is under way now instead, if anything is shown."""
        if self._status:
            self._status.update(printable(redact(title)))
        else:
            self.start(title)

    def finish(self, title: str, milliseconds: float | None, detail: str = "") -> None:
        """Replace it with what came of it, and its time."""
        self.stop()
        time_taken = duration(milliseconds)
        sign = ("✓".ljust(10 - len(time_taken)), "green")
        _styled(sys.stderr, sign, (f"{time_taken}  ", "dim"), (f"{title:<12}  ", "bold"), (detail, ""))

    def stop(self) -> None:
        """Take the spinner away."""
        if self._status:
            self._status.stop()
            self._status = None


@contextlib.contextmanager
def step(title: str) -> Iterator[list[str]]:
    """Time a block and show it; the block appends what came of it to the list that it gets."""
    outcome: list[str] = []
    start = time.perf_counter()
    with spinner(title):
        yield outcome
    Progress().finish(title, (time.perf_counter() - start) * 1000, ", ".join(outcome))


@contextlib.contextmanager
def spinner(title: str) -> Iterator[None]:
    """Show a block that takes more than a moment, and nothing once it is over."""
    progress = Progress()
    progress.start(title)
    try:
        yield
    finally:
        progress.stop()


def mark(ok: bool) -> str:
    """Return the sign for a thing that is well, or not.

    >>> mark(True), mark(False)
    ('✓', '✗')
    """
    return "✓" if ok else "✗"


def count(number: int, thing: str) -> str:
    """Write a number of things.

    >>> count(1, "revision"), count(2, "revision")
    ('1 revision', '2 revisions')
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"


def duration(milliseconds: float | None) -> str:
    """Write a time as a person reads it.

    >>> duration(0.42), duration(12.3), duration(2150), duration(None)
    ('0.4 ms', '12 ms', '2.15 s', '')
    """
    if milliseconds is None:
        return ""
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.2f} s"


def seconds(number: float | None) -> str:
    """Write a time that was measured in seconds.

    >>> seconds(2.5), seconds(95), seconds(None)
    ('2.50 s', '1 min 35 s', '')
    """
    if number is None or number < 60:
        return duration(None if number is None else number * 1000)
    minutes, rest = divmod(round(number), 60)
    return f"{minutes} min {rest} s"


def age(number: float | None) -> str:
    """Write how long ago something was, in the unit that tells most.

    >>> age(59), age(7199), age(36 * 3600), age(49 * 3600)
    ('59 s', '119 min', '36 h', '2 days')
    """
    if number is None:
        return ""
    units = ((120, 1, " s"), (7200, 60, " min"), (172800, 3600, " h"), (float("inf"), 86400, " days"))
    divisor, unit = next((divisor, unit) for below, divisor, unit in units if number < below)
    return f"{number // divisor:.0f}{unit}"


def size(count: int | None) -> str:
    """Write a number of bytes as PostgreSQL's pg_size_pretty does.

    >>> size(10239), size(38_000_000)
    ('10239 bytes', '36 MB')
    """
    if count is None:
        return ""
    value, units = float(count), iter(("kB", "MB", "GB", "TB"))
    if value < 10240:
        return f"{count} bytes"
    unit = ""
    while value >= 10240 or not unit:
        value, unit = value / 1024, next(units, "TB")
        if unit == "TB":
            break
    return f"{value:.0f} {unit}"


def number(value: float | None) -> str:
    """Write a number as a person reads it.

    >>> number(1234567), number(12.345), number(2**63), number(None)
    ('1,234,567', '12.3', '9.2e18', '')
    """
    if value is None:
        return ""
    if abs(value) >= 10**15:
        return f"{value:.1e}".replace("e+", "e")
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def elapsed(seconds: float | None) -> str:
    """Write a length of time in its two largest units.

    >>> elapsed(0.2), elapsed(75), elapsed(7260), elapsed(93600), elapsed(None)
    ('0.2 s', '1 min 15 s', '2 h 1 min', '1 d 2 h', '')
    """
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    whole = int(seconds)
    for unit, size, lower, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit}" + (f" {rest} {lower}" if rest else "")
    return ""


BAR = 10
EIGHTHS = " ▏▎▍▌▋▊▉"
LEVELS = "▁▂▃▄▅▆▇█"
BARS = frozenset(EIGHTHS[1:] + LEVELS)


def share(percent: float | None) -> str:
    """Write a percentage with a bar before it, for whoever looks rather than reads.

    >>> share(34.4), share(100), share(None)
    ('███▌        34.4 %', '██████████ 100.0 %', '')
    """
    if percent is None:
        return ""
    eighths = round(min(100.0, max(0.0, percent)) / 100 * BAR * 8)
    bar = "█" * (eighths // 8) + (EIGHTHS[eighths % 8] if eighths % 8 else "")
    return f"{bar:<{BAR}} {percent:5.1f} %"


def spark(values: Sequence[float] | None) -> str:
    """Draw values as a line of bars, from the smallest to the largest of them.

    >>> spark([1, 2, 4, 8]), spark([5, 5]), spark([])
    ('▁▂▄█', '▁▁', '')
    """
    if not values:
        return ""
    least, most = min(values), max(values)
    return "".join(LEVELS[round((value - least) / ((most - least) or 1) * (len(LEVELS) - 1))] for value in values)


def statement(text: str | None) -> str:
    """Write a statement in one line; a terminal gets its beginning.

    >>> statement("select 1\\n  from t")
    'select 1 from t'
    """
    line = " ".join((text or "").split())
    return f"{line[:99]}…" if len(line) > 100 and _is_terminal(sys.stdout) else printable(redact(line))


def record(row: object) -> dict[str, Any]:
    """Return a row's fields by name."""
    if isinstance(row, Mapping):
        return dict(row)
    assert dataclasses.is_dataclass(row)
    return {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}


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


def _csv(records: Iterable[Mapping[str, Any]], names: Sequence[str]) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_raw(record[name]) for name in names] for record in records)
    line(text.getvalue().removesuffix("\n"))


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
    console = _console(sys.stdout)
    with console.capture() as drawn:
        console.print(table)
    _write(sys.stdout, drawn.get().removesuffix("\n"))


def cell(value: object) -> str:
    """Write a value of no particular kind."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return mark(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S%z")
    return printable(redact(str(value)))


def printable(text: str) -> str:
    r"""Show control characters as escapes.

    >>> printable("a\x1b[31m\nb")
    'a\\x1b[31m\\nb'
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _styled(stream: TextIO | None, *parts: tuple[str, str]) -> None:
    """Write one line, styled on a terminal; a pipe is spared the 60 ms that it takes to import rich."""
    shown = [(printable(redact(text)), style) for text, style in parts]
    if _is_terminal(stream):
        from rich.text import Text

        _console(stream).print(Text.assemble(*shown), soft_wrap=True)
    else:
        _write(stream, "".join(text for text, _ in shown).rstrip())


def _console(stream: TextIO | None) -> Console:
    from rich.console import Console

    return Console(file=stream, width=None if _is_terminal(stream) else UNLIMITED, highlight=False, markup=False)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _write(stream: TextIO | None, text: str, end: str = "\n") -> bool:
    """Write a line; whoever does not listen must not stop the work: a migration goes on without its progress."""
    if stream is None:  # closed by the shell: litxdb ping >&-
        return False
    try:
        stream.write(redact(text) + end)
        stream.flush()
    except OSError as error:
        return _lost(stream, error)
    return True


def _lost(stream: TextIO, error: OSError) -> Literal[False]:
    """Write no more; that a reader had enough is no failure, the exit code still tells the truth."""
    _silence(stream)
    if stream is sys.stdout and not isinstance(error, BrokenPipeError):
        raise AnswerLost(f"The answer could not be written: {error.strerror}.", "Free space there.") from error
    return False


def _silence(stream: TextIO) -> None:
    """Send what is still to come, the interpreter's last flush included, nowhere."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
