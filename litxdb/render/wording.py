"""Values as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence

BAR = 10
EIGHTHS = " ▏▎▍▌▋▊▉"
LEVELS = "▁▂▃▄▅▆▇█"
BARS = frozenset(EIGHTHS[1:] + LEVELS)


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
