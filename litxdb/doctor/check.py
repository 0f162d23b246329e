"""What a check is, and what it may ask for.

A check is a module in doctor/checks/AREA/, or a SQL file in sql/checks/. Its id is the file's name and names the
defect. What only checks of one area share stands beside them, in a module whose name begins with an underscore.

In a module the docstring is the page that `litxdb doctor --explain` prints: the first line is the title, the first
sentence after it says why this matters, and links name the sources. `CHECK` declares the rest, and `judge` looks:

    CHECK = Declaration(threshold="60 s warn, 300 s crit (pgbot)", remedy="select …", fix=Fix.ASKS, lock="none")

    def judge(*, tables: Rows, server: Server) -> Judgement: ...

The parameters of `judge` name what it reads: a file of sql/doctor/ or sql/relations/ (its rows, as named tuples), or
one of

    indexes, foreign_keys, sequences    as litxdb.catalog reads them, to be judged by its functions
    server       Server: version, role, extensions, window; read first
    context      Context: the Database, the settings and what the caller handed in; no connection
    history      litxdb.snapshots.History: what the database was like before
    results      the results of all other checks, for a check that judges the examination itself
    connection   a psycopg2 connection in a read-only transaction with time-outs, for what no bulk read has

Many checks share a read and it runs once. A check may raise Skip; when a read fails all its checks are skipped.

A SQL file answers a row for each object examined, with columns object, measured and level, `ok` included; `remedy` and
`undo` are columns, or keys of the header, as are area, threshold, fix, lock, needs, tier and triage.
"""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litxdb.doctor.results import Defect, Fix, Judgement, Status

if TYPE_CHECKING:
    from types import ModuleType

    from litxdb.database import Database
    from litxdb.doctor.deadline import Deadline
    from litxdb.doctor.ignoring import Ignore
    from litxdb.errors import ConnectionFailed
    from litxdb.queries import Query

Rows = Sequence[Any]
"""The rows of a bulk read: named tuples, their fields the columns of the SQL file's header."""

AREAS = {
    "connection": "Connection, TLS and provider",
    "roles": "Roles and privileges",
    "activity": "Activity and locks",
    "tables": "Tables, vacuum and space",
    "indexes": "Indexes, constraints and sequences",
    "vectors": "Vectors",
    "queries": "Queries, cache and WAL",
    "extensions": "Extensions and settings",
    "migrations": "Migrations and seed",
    "backups": "Backups",
    "cache": "Cache",
    "installation": "litxdb's own set-up",
}
"""The areas in the order of the screen and the runbook, with their headings."""


class Tier(enum.StrEnum):
    """How much an examination may cost: catalog reads, reads of tables' pages, whole tables."""

    FAST = "fast"
    DEEP = "deep"
    FULL = "full"


@dataclass(frozen=True)
class Declaration:
    """What a check's module says of itself beside its page.

    `threshold` names the limits and their source; `lock` the strongest lock that the remedy takes, "none" if none.
    `needs` are conditions of litxdb.doctor.needs, without which the check is skipped. `triage` marks what hurts now.
    """

    threshold: str
    remedy: str
    fix: Fix
    lock: str
    needs: tuple[str, ...] = ()
    tier: Tier = Tier.FAST
    triage: bool = False


@dataclass(frozen=True)
class Check:
    """One check of the checklist; `reads` are the parameters of `judge`."""

    id: str
    area: str
    title: str
    why: str
    page: str
    declaration: Declaration
    judge: Callable[..., Judgement]
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Server:
    """What every check may want to know of the server and the role; `now` is the server's clock.

    `extensions` maps the installed ones to their version and schema, `available` all to the version that could be
    installed. `reads_all_stats` is whether others' sessions and statements can be seen.
    """

    version: int
    version_text: str
    now: datetime
    started: datetime
    stats_reset: datetime | None
    counted_since: datetime
    in_recovery: bool
    database: str
    role: str
    superuser: bool
    reads_all_stats: bool
    reads_all_data: bool
    neon: bool
    pid: int
    extensions: Mapping[str, Sequence[str]]
    available: Mapping[str, str]

    @property
    def major(self) -> int:
        """The major version, such as 18."""
        return self.version // 10000

    @property
    def window_seconds(self) -> float:
        """How long the cumulative statistics have been collected, in seconds."""
        return (self.now - self.counted_since).total_seconds()


@dataclass(frozen=True)
class Context:
    """What the caller hands in; `failure` is why there is no connection, `connect_seconds` how long connecting took.

    A check with many questions on a connection of its own asks them through litxdb.doctor.probing, which minds the
    `deadline`. By `tier` one knows how much it may cost.
    """

    db: Database
    directory: Path | None = None
    failure: ConnectionFailed | None = None
    connect_seconds: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    deadline: Deadline | None = None
    tier: Tier = Tier.FAST
    ignores: Sequence[Ignore] = ()
    today: date = field(default_factory=lambda: datetime.now(UTC).date())


def from_module(module: ModuleType) -> Check:
    """Make the check that a module of doctor/checks/AREA/ declares."""
    *_, area, name = module.__name__.split(".")
    title, _, prose = inspect.cleandoc(module.__doc__ or "").partition("\n")
    reads = tuple(inspect.signature(module.judge).parameters)
    return Check(name, area, title, first_sentence(prose), prose.strip(), module.CHECK, module.judge, reads)


def from_query(query: Query) -> Check:
    """Make the check that a file of sql/checks/ is."""
    declaration = Declaration(
        threshold=query.key("threshold"),
        remedy=query.key("remedy"),
        fix=Fix(query.key("fix", Fix.MANUAL)),
        lock=query.key("lock", "none"),
        needs=query.keys.get("needs", ()),
        tier=Tier(query.key("tier", Tier.FAST)),
        triage=query.key("triage") == "yes",
    )
    read = f"checks/{query.name}"
    why = first_sentence(query.prose)

    def judge(**rows: Rows) -> Judgement:
        answers = rows[read]
        return Judgement(len(answers), tuple(_defect(row, declaration) for row in answers if row.level != Status.OK))

    return Check(query.name, query.key("area"), query.title, why, query.prose, declaration, judge, (read,))


def _defect(row: Any, declaration: Declaration) -> Defect:
    fields = row._asdict()
    remedy = fields.get("remedy") or declaration.remedy.format(**fields)
    return Defect(Status(row.level), row.object, row.measured, remedy, undo=fields.get("undo") or "")


def first_sentence(text: str) -> str:
    """Return the first sentence of a text, on one line.

    >>> first_sentence("Version 1.2 matters\\nmuch. More.")
    'Version 1.2 matters much.'
    """
    return re.split(r"(?<=[.!?])\s", " ".join(text.split()), maxsplit=1)[0]
