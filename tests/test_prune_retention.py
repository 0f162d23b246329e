"""The rules of retention: restic's, on verified backups, whatever clocks and time zones do."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from litxdb.backup.retention import PROBATION, Point, Retention, Span, decide
from litxdb.errors import ArgumentInvalid

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
CASES = 400


def point(at: datetime, verified: bool | None = True) -> Point:
    return Point(f"b{at:%Y%m%dT%H%M%S}", at, at, verified)


def hourly(count: int, newest: datetime = NOW, every: float = 1) -> list[Point]:
    return [point(newest - timedelta(hours=every * number)) for number in range(count)]


def kept(points: Sequence[Point], retention: Retention, now: datetime = NOW) -> list[str]:
    return [verdict.name for verdict in decide(points, retention, now) if verdict.keep]


def names(points: Sequence[Point]) -> list[str]:
    return [each.name for each in points]


def scene(chance: random.Random) -> tuple[list[Point], Retention]:
    """Make up a history, with gaps, failed proofs and clocks gone wrong, and some rules."""
    points = []
    at = NOW
    for _ in range(chance.randrange(40)):
        at -= timedelta(seconds=chance.choice([600, 3600, 86400, 7 * 86400, 40 * 86400]) * chance.random() * 1.5)
        made = point(at, chance.choice([True, True, True, None, False]))
        if chance.random() < 0.05:
            made = replace(made, at=at + timedelta(days=chance.choice([-4000, 4000])))
        points.append(made)
    chance.shuffle(points)
    counts = [chance.choice([0, 0, 1, 2, 5, 30]) for _ in range(6)]
    within = chance.choice([None, None, Span(days=7), Span(months=2), Span(years=1, hours=5)])
    return points, Retention(*counts, within, chance.choice([1, 2, 3, 5]), chance.choice([UTC, BERLIN]))


def scenes() -> list[tuple[list[Point], Retention]]:
    chance = random.Random(4711)
    return [scene(chance) for _ in range(CASES)]


def countable(points: Sequence[Point]) -> list[Point]:
    """Return the verified ones whose time can be believed, the newest first."""
    good = [
        each for each in points if each.verified and each.at <= NOW and abs(each.at - each.began) < timedelta(days=1)
    ]
    return sorted(good, key=lambda each: (each.at, each.name), reverse=True)


def test_the_newest_verified_ones_are_never_deleted() -> None:
    for points, retention in scenes():
        assert set(names(countable(points)[: retention.minimum])) <= set(kept(points, retention))


def test_without_a_verified_one_nothing_is_deleted() -> None:
    for points, retention in scenes():
        unproven = [replace(each, verified=None if each.verified else False) for each in points]
        assert sorted(kept(unproven, retention)) == sorted(names(points))


def test_what_is_not_verified_makes_no_difference_to_what_is() -> None:
    for points, retention in scenes():
        proven = [each for each in points if each.verified]
        assert set(kept(proven, retention)) == set(kept(points, retention)) & set(names(proven))


def test_the_order_in_which_they_are_listed_does_not_matter() -> None:
    for points, retention in scenes():
        assert decide(points, retention, NOW) == decide(points[::-1], retention, NOW)


def test_deciding_again_while_some_are_gone_already_comes_to_the_same() -> None:
    """So two runs at once, or one that begins where another was killed, delete no more than one would."""
    chance = random.Random(5)
    for points, retention in scenes():
        keep = kept(points, retention)
        left = [each for each in points if each.name in keep or chance.random() < 0.5]
        assert kept(left, retention) == keep


def test_a_later_clock_lets_nothing_verified_go_that_an_earlier_one_kept() -> None:
    for points, retention in scenes():
        now = set(kept(points, retention)) & set(names(countable(points)))
        later = set(kept(points, retention, NOW + timedelta(days=3)))
        assert now <= later


def test_a_clock_set_back_deletes_nothing() -> None:
    points = hourly(200)
    assert kept(points, Retention(last=1), NOW - timedelta(days=400)) == names(points)


def test_one_backup_from_the_future_does_not_push_out_the_others() -> None:
    points = hourly(10, every=24)
    stranger = point(NOW + timedelta(days=27000))
    verdicts = decide([*points, stranger], Retention(within=Span(days=3), minimum=1), NOW)
    assert verdicts[0].reasons == ("of a time that is yet to come",)
    assert [each.name for each in verdicts if each.keep][1:] == names(points[:5])


def test_a_backup_whose_server_had_lost_its_time_stays_and_does_not_count() -> None:
    lost = Point("lost", datetime(1970, 1, 1, tzinfo=UTC), NOW, True)
    verdicts = decide([*hourly(5), lost], Retention(last=1, minimum=1), NOW)
    assert verdicts[-1].reasons == ("the server's clock and the machine's differed",)
    assert [each.keep for each in verdicts] == [True, False, False, False, False, True]


@pytest.mark.parametrize("number", [0, 1, 2, 7, 100])
def test_last(number: int) -> None:
    points = hourly(20)
    assert kept(points, Retention(last=number, minimum=1)) == names(points[: max(1, number)])


def test_the_newest_of_each_day_and_the_oldest_while_there_are_fewer_days() -> None:
    points = hourly(60)  # from 12:00 on the 22nd down to 1:00 on the 20th
    assert kept(points, Retention(daily=2, minimum=1)) == names([points[0], points[13]])
    assert kept(points, Retention(daily=9, minimum=1)) == names([points[0], points[13], points[37], points[59]])
    verdict = decide(points, Retention(daily=9, minimum=1), NOW)[-1]
    assert verdict.reasons == ("oldest daily",)


def test_days_without_a_backup_do_not_count() -> None:
    points = [point(NOW - timedelta(days=days)) for days in (0, 30, 60, 90, 91)]
    assert kept(points, Retention(daily=4, minimum=1)) == names(points[:4])


def test_weeks_are_isos_also_at_the_turn_of_the_year() -> None:
    days = [datetime(2027, 1, day, tzinfo=UTC) for day in (4, 3, 1)] + [datetime(2026, 12, 28, tzinfo=UTC)]
    points = [point(at) for at in days]
    assert kept(points, Retention(weekly=2, minimum=1), days[0]) == names([points[0], points[1]])
    assert kept(points, Retention(yearly=2, minimum=1), days[0]) == names([points[0], points[3]])


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    """On 25 October 2026 clocks in Berlin go from 3:00 back to 2:00."""
    points = [point(datetime(2026, 10, 25, hour, 30, tzinfo=UTC)) for hour in (2, 1, 0)]
    local = [each.at.astimezone(BERLIN) for each in points]
    assert [at.hour for at in local] == [3, 2, 2]
    newest = points[0].at
    assert kept(points, Retention(hourly=3, minimum=1, timezone=BERLIN), newest) == names(points)
    assert kept(points, Retention(hourly=2, minimum=1, timezone=BERLIN), newest) == names(points[:2])


def test_the_day_that_has_23_hours_is_one_day() -> None:
    """On 29 March 2026 Berlin has no 2:30."""
    points = hourly(72, datetime(2026, 3, 30, 21, 0, tzinfo=UTC))
    found = kept(points, Retention(daily=3, minimum=1, timezone=BERLIN), points[0].at)
    assert [each.at.astimezone(BERLIN).strftime("%d %H") for each in points if each.name in found] == [
        "30 23",
        "29 23",
        "28 23",
    ]


def test_what_a_day_is_depends_on_the_time_zone() -> None:
    evening, night = (point(datetime(2026, 11, 21, hour, tzinfo=UTC)) for hour in (22, 23))  # 23:00, 0:00 in Berlin
    assert kept([night, evening], Retention(daily=1, minimum=1), NOW) == [night.name]
    assert kept([night, evening], Retention(daily=2, minimum=1, timezone=BERLIN), NOW) == [night.name, evening.name]
    three = [night, evening, point(datetime(2026, 11, 21, 21, tzinfo=UTC))]
    assert kept(three, Retention(daily=2, minimum=1, timezone=BERLIN), NOW) == [night.name, evening.name]


def test_within_reaches_back_over_all_of_the_span() -> None:
    """With backups of 25 and of 35 days both stay within 30 days: without the second none reaches back so far."""
    points = [point(NOW - timedelta(days=days)) for days in (0, 25, 35, 45)]
    verdicts = decide(points, Retention(within=Span(days=30), minimum=1), NOW)
    assert [(each.keep, each.reasons[-1]) for each in verdicts] == [
        (True, "within the span"),
        (True, "within the span"),
        (True, "the span begins after it"),
        (False, "no rule keeps it"),
    ]


def test_within_is_counted_from_the_newest_and_not_from_today() -> None:
    points = hourly(10, NOW - timedelta(days=900), every=24)
    assert kept(points, Retention(within=Span(days=3), minimum=1)) == names(points[:5])


def test_what_is_not_verified_stays_for_two_days_and_until_a_newer_one_is() -> None:
    old, young = NOW - PROBATION - timedelta(minutes=1), NOW - PROBATION + timedelta(minutes=1)
    for verified in (None, False):
        found = decide([point(old, verified), point(young, verified), point(NOW)], Retention(last=1), NOW)
        assert [each.keep for each in found] == [True, True, False]
        alone = decide([point(old - timedelta(days=1)), point(old, verified)], Retention(last=1), NOW)
        assert [each.keep for each in alone] == [True, True]


@pytest.mark.parametrize("text", ["", "d", "7", "7d1m", "-1d", "1w", "1d ", "99999999d", "1.5d", "٣d"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(ArgumentInvalid):
        Span.parse(text)


@pytest.mark.parametrize(
    ("span", "at", "before"),
    [
        ("1m", "2026-03-31", "2026-02-28"),
        ("1y", "2028-02-29", "2027-02-28"),
        ("1m", "2026-01-15", "2025-12-15"),
        ("13m", "2026-01-15", "2024-12-15"),
        ("99999d", "2026-01-15", "1752-04-02"),
        ("99999y", "2026-01-15", "0001-01-01"),
        ("99999y99999m99999d99999h", "2026-01-15", "0001-01-01"),
        ("2024y99999d99999h", "2026-01-15", "0001-01-01"),
    ],
)
def test_going_back_by_the_calendar(span: str, at: str, before: str) -> None:
    found = Span.parse(span).before(datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert found.date().isoformat() == before


def test_an_hour_is_an_hour_when_summer_time_ends() -> None:
    after = datetime(2026, 10, 25, 3, 30, tzinfo=BERLIN)
    assert Span(hours=2).before(after) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
