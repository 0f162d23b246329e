"""The one sentence that an operator acts on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from litxdb.migrate.rehearsal.holds import ROWS, Sizes
from litxdb.migrate.rehearsal.results import Hold, Trace

NOTICEABLE_MS = 50.0
"""What nobody notices: a page takes longer."""

_ADDS = re.compile(r"\badd\s+(?!constraint\b|primary\b|unique\b|foreign\b|check\b|exclude\b)")
_BUILDS = re.compile(r"^\s*create\s+(unique\s+)?index\b", re.IGNORECASE)


def verdict(
    failure: str | None, holds: Sequence[Hold], traces: Sequence[Trace], sizes: Sizes, max_block_seconds: float
) -> str:
    """Say the worst thing first: a failure, who has to wait too long, what was not tested, what remains behind."""
    if failure:
        return f"{failure}: mend it before it fails on the target."
    accepted = [trace.revision or "all in one go" for trace in traces if trace.accepted]
    traces = [trace for trace in traces if not trace.accepted]
    trip = _trip(traces)
    if accepted and not traces:
        trip += f", but for {', '.join(accepted)} without a way back, as accepted"
    blocking = [hold for hold in holds if hold.blocks]
    untested = [hold for hold in blocking if not hold.tested]
    worst = max(blocking, key=lambda hold: hold.high, default=None)
    if worst is not None and worst.high > max_block_seconds * 1000:
        return f"{_sentence(worst, sizes)}: {_remedy(worst)}.{'' if not traces else ' And ' + trip + '.'}"
    if untested:
        return (
            f"How long {untested[0].revision} blocks {_whom(untested[0])} was not tested: "
            f"no rows could be made for it.{'' if not traces else ' And ' + trip + '.'}"
        )
    if traces:
        return f"{trip}. {_calm(worst, sizes, max_block_seconds)}."
    return f"{_calm(worst, sizes, max_block_seconds)}; {trip}."


def period(low: float, high: float) -> str:
    """Write a time in milliseconds, or a range, as a person says it.

    >>> period(2100, 2100), period(8_000, 34_000), period(12, 12)
    ('2.1 s', '8.0 to 34 s', '12 ms')
    """
    if high - low < 0.1 * high:
        return _time(high)
    small, unit = _time(low).split()
    return f"{small} to {_time(high)}" if unit == _time(high).split()[1] else f"{_time(low)} to {_time(high)}"


def _calm(worst: Hold | None, sizes: Sizes, max_block_seconds: float) -> str:
    if worst is None or worst.high <= NOTICEABLE_MS:
        return f"Nothing blocks anybody for more than {NOTICEABLE_MS:.0f} ms"
    return f"{_sentence(worst, sizes)}, within the {max_block_seconds:g} s that are allowed"


def _trip(traces: Sequence[Trace]) -> str:
    if not traces:
        return "the round trip is clean"
    first = traces[0]
    names = (
        f" ({', '.join(f'{each.kind} {each.object}' for each in first.differences[:2])})" if first.differences else ""
    )
    more = f", and {len(traces) - 1} more" if len(traces) > 1 else ""
    return f"{first.revision or 'all in one go:'} {first.message}{names}{more}"


def _sentence(hold: Hold, sizes: Sizes) -> str:
    subject = _subject(hold)
    rows, here = sizes.rows(subject)
    size = f" on {here if not hold.estimated else rows:,} rows" if rows or here else ""
    of = "" if subject == hold.table else f" of {_short(subject)}"
    about = f"for about {period(hold.low, hold.high)}"
    if hold.estimated:
        about = f"for an estimated {period(hold.low, hold.high)}"
        size += f", from {_time(hold.milliseconds)} on {here:,}"
    return f"{hold.revision} blocks {_whom(hold)} {about} ({_cause(hold)}{of}{size})"


def _subject(hold: Hold) -> str:
    """Return the table that takes the time: a lock on one may last as long as the work on another."""
    tables = hold.cause.works_on
    return hold.table if hold.table in tables or not tables else tables[0]


def _short(table: str) -> str:
    return table.removeprefix("public.")


def _whom(hold: Hold) -> str:
    table = _short(hold.table)
    return (
        f"{hold.blocks} of {table}" if hold.lock == ROWS or hold.blocks == "reads and writes" else f"writes to {table}"
    )


def _cause(hold: Hold) -> str:
    cause = hold.cause
    if cause.builds and not cause.rewrites:
        return "index build"
    if cause.rewrites:
        return "rewrite"
    if cause.scans:
        return "scan"
    return cause.sql.split(None, 1)[0].upper() if cause.sql.split() else "statement"


def _remedy(hold: Hold) -> str:
    sql, cause = hold.cause.sql.lower(), hold.cause
    if _subject(hold) != hold.table and hold.table not in cause.locks:
        return "give each statement a revision of its own, as a lock lasts to the end of its transaction"
    if _BUILDS.match(sql):
        return "build the index CONCURRENTLY"
    if cause.rewrites and _ADDS.search(sql):
        return "add the column without its default, set the default after it, and fill the rows in batches"
    if cause.rewrites and " type " in sql:
        return "add a column of the new type, fill it in batches, and switch over"
    if cause.rewrites:
        return "run it while nobody works, or copy into a new table in batches"
    if cause.builds:
        return "build a unique index CONCURRENTLY, then add the constraint USING INDEX"
    if "set not null" in sql:
        return "add CHECK (… IS NOT NULL) NOT VALID, VALIDATE it in the next revision, then SET NOT NULL"
    if cause.scans:
        return "add the constraint NOT VALID, and VALIDATE it in a revision of its own"
    if cause.changed:
        return "change the rows in batches, in a revision of their own"
    return "move what takes the time into a revision of its own, before the lock is taken"


def _time(milliseconds: float) -> str:
    if milliseconds < 950:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s" if milliseconds < 9950 else f"{milliseconds / 1000:.0f} s"
