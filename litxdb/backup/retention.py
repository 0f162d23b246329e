"""Which backups of one database are kept, and why: restic's rules, counted among those that are verified.

https://restic.readthedocs.io/en/stable/060_forget.html#removing-snapshots-according-to-a-policy
"""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from litxdb.errors import ArgumentInvalid

PERIODS: dict[str, Callable[[datetime], object]] = {
    # the offset tells the two hours apart that have one name when summer time ends
    "hourly": lambda at: (at.date(), at.hour, at.utcoffset()),
    "daily": lambda at: at.date(),
    "weekly": lambda at: at.isocalendar()[:2],
    "monthly": lambda at: (at.year, at.month),
    "yearly": lambda at: at.year,
}
"""What two moments have in common if they are of one period; weeks are ISO's, from Monday."""
LEAST = 3
"""So many verified backups stay whatever the rules say, unless told otherwise."""
PROBATION = timedelta(hours=48)
"""One that is not verified stays at least so long: somebody may look into it, or verify it yet."""
CLOCKS = timedelta(days=1)
"""Clocks that differ by more than this cannot say which backup is older."""
_SPAN = re.compile(r"(?=.)(?:(\d+)y)?(?:(\d+)m)?(?:(\d+)d)?(?:(\d+)h)?", re.ASCII)


@dataclass(frozen=True)
class Span:
    """A length of time by the calendar."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read it as restic writes it. Raises ArgumentInvalid.

        >>> Span.parse("1y6m"), Span.parse("36h").hours
        (Span(years=1, months=6, days=0, hours=0), 36)
        """
        match = _SPAN.fullmatch(text)
        if match is None or any(len(number or "") > 5 for number in match.groups()):
            raise ArgumentInvalid(
                f"{text!r} is no span of time.", "Write years, months, days and hours, as in 1y6m14d12h."
            )
        return cls(*(int(number or 0) for number in match.groups()))

    def before(self, at: datetime) -> datetime:
        """Go back from a moment: first the years and months, where the 31st of a short month is its last day.

        >>> Span(months=1, hours=2).before(datetime(2026, 3, 31, 12, tzinfo=UTC)).isoformat()
        '2026-02-28T10:00:00+00:00'
        """
        year, month = divmod(at.year * 12 + at.month - 1 - self.years * 12 - self.months, 12)
        try:
            day = min(at.day, calendar.monthrange(year, month + 1)[1])
            date = at.replace(year=year, month=month + 1, day=day) - timedelta(days=self.days)
            return date.astimezone(UTC) - timedelta(hours=self.hours)
        except (OverflowError, ValueError):  # before the year 1
            return datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Retention:
    """How many to keep of each kind; what a day or a week is depends on the `timezone`.

    `minimum` of the newest verified backups stay in any case, one at the least.
    """

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: Span | None = None
    minimum: int = LEAST
    timezone: tzinfo = UTC

    @property
    def rules(self) -> bool:
        """Whether any rule says what to keep."""
        return bool(self.last or self.within or any(getattr(self, rule) for rule in PERIODS))


@dataclass(frozen=True)
class Point:
    """A backup as retention sees it: `at` is the server's clock, `began` that of the machine that made it."""

    name: str
    at: datetime
    began: datetime
    verified: bool | None


@dataclass(frozen=True)
class Verdict:
    """Whether a backup stays, and every reason for that."""

    name: str
    keep: bool
    reasons: tuple[str, ...]


def decide(points: Sequence[Point], retention: Retention, now: datetime) -> tuple[Verdict, ...]:
    """Judge the backups of one database, the newest first.

    Only verified ones count towards a rule. Others stay for two days, and until a newer one is verified. Deciding again
    about what stays, or while some of the rest are gone already, comes to the same. `now` only ever makes fewer go: it
    is not trusted any more than the clocks of the past.

    >>> nights = [datetime(2026, 11, day, 3, tzinfo=UTC) for day in (18, 19, 20, 21, 22)]
    >>> points = [Point(f"{at:%a}", at, at, None if at.day == 19 else True) for at in nights]
    >>> for verdict in decide(points, Retention(daily=2, weekly=2, minimum=1), nights[-1]):
    ...     print(verdict.name, verdict.keep, ", ".join(verdict.reasons))
    Sun True newest verified, daily, weekly
    Sat True daily
    Fri False no rule keeps it
    Thu False not verified, and Sun is
    Wed True oldest weekly
    """
    ordered = sorted(points, key=lambda point: (point.at, point.name), reverse=True)
    proven = [point for point in ordered if point.verified and not _doubt(point, now)]
    reasons: dict[str, list[str]] = defaultdict(list)
    for name, reason in (*_floor(proven, retention), *_counted(proven, retention), *_recent(proven, retention)):
        reasons[name].append(reason)
    newest = proven[0] if proven else None
    return tuple(_judge(point, reasons[point.name], newest, now) for point in ordered)


def _judge(point: Point, reasons: list[str], newest: Point | None, now: datetime) -> Verdict:
    if doubt := _doubt(point, now):
        return Verdict(point.name, True, (doubt,))
    if point.verified:
        return Verdict(point.name, bool(reasons), tuple(reasons) or ("no rule keeps it",))
    state = "not verified" if point.verified is None else "did not verify"
    if newest is None or (newest.at, newest.name) < (point.at, point.name):
        return Verdict(point.name, True, (f"{state}, and no newer one is",))
    if now - point.at <= PROBATION:
        return Verdict(point.name, True, (f"{state}, less than two days old",))
    return Verdict(point.name, False, (f"{state}, and {newest.name} is",))


def _doubt(point: Point, now: datetime) -> str | None:
    """Say why nobody knows when this one was made: it stays, and counts for nothing."""
    if point.at > now + CLOCKS or point.began > now + CLOCKS:
        return "of a time that is yet to come"
    if abs(point.at - point.began) > CLOCKS:
        return "the server's clock and the machine's differed"
    return None


def _floor(proven: Sequence[Point], retention: Retention) -> Iterator[tuple[str, str]]:
    for number, point in enumerate(proven[: max(1, retention.minimum)]):
        yield point.name, f"one of the newest {retention.minimum}" if number else "newest verified"


def _counted(proven: Sequence[Point], retention: Retention) -> Iterator[tuple[str, str]]:
    """Keep the newest of each of so many periods; while there are fewer periods, the oldest of all as well."""
    for point in proven[: retention.last]:
        yield point.name, "last"
    for rule, period in PERIODS.items():
        left, seen = getattr(retention, rule), None
        for point in proven:
            mine = period(point.at.astimezone(retention.timezone))
            if left and (mine != seen or point is proven[-1]):
                yield point.name, rule if mine != seen else f"oldest {rule}"
                left, seen = left - 1, mine


def _recent(proven: Sequence[Point], retention: Retention) -> Iterator[tuple[str, str]]:
    """Keep what is not older than the newest by more than the span, and one that reaches back over all of it."""
    if retention.within is None or not proven:
        return
    since = retention.within.before(proven[0].at.astimezone(retention.timezone))
    for point in proven:
        if point.at >= since:
            yield point.name, "within the span"
        else:
            yield point.name, "the span begins after it"
            return
