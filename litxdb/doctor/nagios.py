"""The examination as a monitoring plugin says it: https://www.monitoring-plugins.org/doc/guidelines.html."""

from __future__ import annotations

from collections import Counter

from litxdb.doctor.results import Examination, Status

CODES = {Status.OK: 0, Status.INFO: 0, Status.WARN: 1, Status.CRIT: 2, Status.SKIP: 3}
NAMES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
SHOWN = 3


def plugin_line(examined: Examination) -> tuple[str, int]:
    """Return the one line with its performance data, and the exit code: 0 ok, 1 warning, 2 critical, 3 unknown."""
    code = CODES[examined.verdict]
    levels = Counter(finding.level for finding in examined.findings)
    loud = [finding for finding in examined.findings if finding.level in (Status.CRIT, Status.WARN)]
    said = f"{levels[Status.CRIT]} critical, {levels[Status.WARN]} warning, {examined.counts['skip']} skipped"
    shown = [f"{finding.check} {finding.object}: {finding.measured}" for finding in loud[:SHOWN]]
    more = [f"{len(loud) - SHOWN} more"] if len(loud) > SHOWN else []
    figures = {status.value: levels[status] for status in (Status.CRIT, Status.WARN, Status.INFO)}
    figures |= {name: examined.counts[name] for name in ("ok", "skip", "error")}
    seconds = f"time={examined.milliseconds / 1000:.3f}s;;{examined.deadline_seconds:g};0"
    data = " ".join((*(f"{name}={number};;;0" for name, number in figures.items()), seconds))
    return f"{_one_line(f'LITXDB {NAMES[code]} - ' + '; '.join((said, *shown, *more)))} | {data}", code


def unknown(message: str) -> tuple[str, int]:
    """Return the line for a run that came to no examination."""
    return _one_line(f"LITXDB {NAMES[3]} - {message}"), 3


def _one_line(text: str) -> str:
    """Leave out what ends the text for Nagios: a line break, or the bar before the performance data.

    >>> _one_line("a|b\\nc")
    'a/b c'
    """
    return " ".join(text.replace("|", "/").split())
