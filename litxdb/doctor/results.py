"""What an examination hands out; docs/doctor.md describes its JSON."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litxdb.activity import Link

SCHEMA_VERSION = 1
"""Of the JSON: a new key leaves it, a renamed or removed one raises it."""


class Status(enum.StrEnum):
    """What came of a check, from well to worst; `skip` and `error` mean that it does not know."""

    OK = "ok"
    INFO = "info"
    WARN = "warn"
    CRIT = "crit"
    SKIP = "skip"
    ERROR = "error"


class Fix(enum.StrEnum):
    """Who may apply a remedy: `safe` anybody at any time, `asks` whoever has read it, `manual` a person by hand."""

    SAFE = "safe"
    ASKS = "asks"
    MANUAL = "manual"


class Reason(enum.StrEnum):
    """Why a check was skipped, or did not see everything."""

    NO_PRIVILEGE = "no privilege"
    NO_EXTENSION = "no extension"
    COLD_STATISTICS = "cold statistics"
    NOT_APPLICABLE = "not applicable"
    NOTHING_THERE = "nothing there"
    TOO_BIG = "too big"
    LOCKED = "locked"
    OUT_OF_TIME = "out of time"
    NO_CONNECTION = "no connection"


class Skip(Exception):
    """A check cannot tell: why, in one sentence, and the command or SQL that would let it."""

    def __init__(self, reason: Reason, detail: str, remedy: str = "") -> None:
        super().__init__(detail)
        self.reason, self.detail, self.remedy = reason, detail, remedy


@dataclass(frozen=True)
class Defect:
    """One thing that a check found wrong with one object; what is left out is the check's own.

    `remedy` is SQL, or a command line that begins with `litxdb`. `undo` is the SQL that brings back what the remedy
    takes away, where there is such a thing. `value` is the measured figure, for machines.
    """

    level: Status
    object: str
    measured: str
    remedy: str = ""
    fix: Fix | None = None
    undo: str = ""
    value: float | None = None


@dataclass(frozen=True)
class Judgement:
    """What a check saw: how many objects it examined, the defects, and how many it was not allowed to see.

    With `unseen` goes the reason and the remedy, as in a Skip.
    """

    examined: int
    defects: tuple[Defect, ...] = ()
    unseen: int = 0
    reason: Reason | None = None
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Finding:
    """A defect with everything that one needs to act on it. `key` stays the same from run to run."""

    check: str
    area: str
    level: Status
    object: str
    measured: str
    threshold: str
    title: str
    why: str
    remedy: str
    fix: Fix
    lock: str
    undo: str
    value: float | None
    key: str

    @property
    def pasteable(self) -> str:
        """The remedy as a shell or psql takes it."""
        return pasteable(self.remedy)


@dataclass(frozen=True)
class Result:
    """What came of one check. `examined` counts the objects looked at: `ok` with none does not exist."""

    check: str
    area: str
    status: Status
    examined: int
    unseen: int
    reason: Reason | None
    detail: str
    remedy: str
    milliseconds: float
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Ignored:
    """A finding that does not count: why, and the last day of that."""

    finding: Finding
    reason: str
    until: date | None


@dataclass(frozen=True)
class Trend:
    """A figure over time, the oldest point first; `unit` is bytes, percent, /s, or nothing for a number of things."""

    title: str
    unit: str
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True)
class Examination:
    """What an examination looked at, what it found, and what it could not see.

    `window_seconds` is how long the server's statistics have been collected; None when it was not reached. `snapshot`
    says what came of taking one: taken, not asked for, or the trouble with it. `waiting` is the tree of those who wait
    for a lock, of a triage; `trends` are there if asked for.
    """

    endpoint: str
    connected: bool
    server_version: str | None
    started: datetime
    milliseconds: float
    deadline_seconds: float
    window_seconds: float | None
    results: tuple[Result, ...]
    counts: dict[str, int] = field(default_factory=dict)
    ignored: tuple[Ignored, ...] = ()
    snapshot: str = "not asked for"
    waiting: tuple[Link, ...] = ()
    trends: tuple[Trend, ...] = ()
    schema_version: int = SCHEMA_VERSION

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, the worst first, in the order of the checks within a level."""
        found = [finding for result in self.results for finding in result.findings]
        return tuple(sorted(found, key=lambda finding: -SEVERITY[finding.level]))

    @property
    def verdict(self) -> Status:
        """The worst level found; `skip` when nothing was found and nothing examined."""
        if not self.findings and not any(result.examined for result in self.results):
            return Status.SKIP
        return worst(self.findings)

    def fails(self, level: Status = Status.CRIT) -> bool:
        """Whether something was found that is at least as bad as `level`."""
        return any(SEVERITY[finding.level] >= SEVERITY[level] for finding in self.findings)


def pasteable(remedy: str) -> str:
    """Return a remedy as a shell or psql takes it.

    >>> pasteable("analyze users"), pasteable("litxdb migrate")
    ('analyze users;', 'litxdb migrate')
    >>> pasteable("alter system set port = 1;\\n-- and restart the server")
    'alter system set port = 1;\\n-- and restart the server'
    """
    complete = remedy.endswith(";") or remedy.rpartition("\n")[2].startswith("--")
    return remedy if complete or remedy.startswith("litxdb ") else f"{remedy};"


SEVERITY = {Status.OK: 0, Status.INFO: 1, Status.WARN: 2, Status.CRIT: 3}


def worst(findings: Iterable[Finding]) -> Status:
    """Return the worst of the findings' levels; ok for none."""
    return max((finding.level for finding in findings), key=lambda level: SEVERITY[level], default=Status.OK)


def count(results: tuple[Result, ...]) -> dict[str, int]:
    """Count the results by status, every status named."""
    counted = Counter(result.status for result in results)
    return {status.value: counted[status] for status in Status}
