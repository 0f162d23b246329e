"""The examination: read once, let every check judge, and count what could not be seen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litxdb.database import Database
from litxdb.doctor.bulk import Task, read_all
from litxdb.doctor.check import Check, Context, Server, Tier
from litxdb.doctor.checklist import select
from litxdb.doctor.deadline import Deadline
from litxdb.doctor.examiner import Examiner, Read
from litxdb.doctor.ignoring import Ignore, sift
from litxdb.doctor.judging import judge
from litxdb.doctor.needs import unmet
from litxdb.doctor.reads import read_rows, read_server
from litxdb.doctor.results import (
    Examination,
    Ignored,
    Judgement,
    Reason,
    Result,
    Skip,
    Trend,
    count,
    worst,
)
from litxdb.errors import ConnectionFailed, LitxdbError

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from litxdb.activity import Link
    from litxdb.snapshots import History

GIVEN = ("server", "context", "connection", "results")
"""Parameters of a check that are no bulk reads."""

LONG = ("indexes", "sequences", "foreign_keys", "tables")
"""Reads that take longest on a large schema: the others fit in beside them."""


def examine(
    db: Database,
    directory: Path | None = None,
    *,
    tier: Tier = Tier.FAST,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    triage: bool = False,
    deadline_seconds: float = 5.0,
    extra: Mapping[str, Any] | None = None,
    ignores: Sequence[Ignore] = (),
    snapshot: bool = False,
    trends: bool = False,
) -> Examination:
    """Run the checks and return what came of each; reads only, and ends by the deadline, come what may.

    `directory` holds a project's own revisions, which follow LitXplore's; `extra` is what a caller hands to the checks
    of other parts; `ignores` are findings that do not count. A server that does not answer is a finding, and what needs
    no server is examined all the same. `snapshot` adds what was counted to the database's history on this machine,
    `trends` returns what that says of the last weeks. Takes no lock that a writer would wait for. Raises UnknownCheck
    for a name in `only` or `skip`.
    """
    checks = select(tier, only=only, skip=skip, triage=triage)
    endpoint = str(db.endpoint)  # may start the local server, which is no part of the examination
    started, deadline = datetime.now(UTC), Deadline(deadline_seconds)
    context = Context(db, directory, extra=extra or {}, deadline=deadline, tier=tier, ignores=ignores)
    more = [Task("trends", partial(_trends, db))] if trends else []
    answers, context = _read(db, checks, context, deadline, more)
    answers["context"] = context
    results: dict[str, Result] = {}
    ignored: list[Ignored] = []
    for check in sorted(checks, key=lambda check: "results" in check.reads):
        result = judge(check, {**answers, "results": tuple(results.values())}, deadline)
        counted, set_aside = sift(result.findings, ignores, context.today)
        ignored += [Ignored(finding, entry.reason, entry.until) for finding, entry in set_aside]
        results[check.id] = replace(result, findings=counted, status=worst(counted)) if set_aside else result
    ordered = tuple(results[check.id] for check in checks)
    server = answers["server"] if isinstance(answers["server"], Server) else None
    milliseconds = deadline.elapsed * 1000
    return Examination(
        endpoint=endpoint,
        connected=context.failure is None,
        server_version=server.version_text if server else None,
        started=started,
        milliseconds=milliseconds,
        deadline_seconds=deadline_seconds,
        window_seconds=server.window_seconds if server else None,
        results=ordered,
        counts=count(ordered),
        ignored=tuple(ignored),
        # after judging: it thins out the past that the checks look at
        snapshot=_snapshot(db, deadline) if snapshot and server else "not asked for",
        waiting=_waiting(answers) if triage else (),
        trends=found if isinstance(found := answers.get("trends"), tuple) else (),
    )


def _waiting(answers: Mapping[str, Any]) -> tuple[Link, ...]:
    """Return who waits for whom, as far as it was read."""
    from litxdb.activity import lock_tree

    read = [answer for name in ("sessions", "prepared") if isinstance(answer := answers.get(name), list)]
    return tuple(lock_tree(*read)) if len(read) == 2 else ()


def _history(db: Database, connection: Connection) -> History:
    from litxdb.snapshots import history

    return history(db, connection)


def _trends(db: Database, connection: Connection) -> tuple[Trend, ...]:
    from litxdb.doctor.trends import trends

    return trends(_history(db, connection))


def _snapshot(db: Database, deadline: Deadline) -> str:
    """Take a snapshot, and say what came of it, which is never a reason to fail."""
    from litxdb.snapshots import Taken, take

    try:
        answer = read_all(db, Examiner.open(db, deadline), [Task("snapshot", partial(take, db))], deadline)["snapshot"]
    except LitxdbError as error:
        return error.message
    if isinstance(answer, Taken):
        return answer.trouble.message if answer.trouble else "taken"
    return str(answer).partition("\n")[0]


def _read(
    db: Database, checks: Sequence[Check], context: Context, deadline: Deadline, more: Sequence[Task]
) -> tuple[dict[str, Any], Context]:
    """Return the answer of every read that a check which can run asks for; all connections are closed again."""
    start = time.perf_counter()
    try:
        first = Examiner.open(db, deadline)
    except ConnectionFailed as failure:
        gone = Skip(Reason.NO_CONNECTION, failure.message, "litxdb ping")
        return {"server": gone}, replace(context, failure=failure)
    context = replace(context, connect_seconds=time.perf_counter() - start)
    server = read_server(first, deadline)
    if not isinstance(server, Server):
        return {"server": server}, context
    if any(check.area == "migrations" for check in checks):
        import litxdb.migrate  # noqa: F401  # here: threads that import a package and a part of it at once get half of it
    return {"server": server, **read_all(db, first, [*_tasks(checks, server, context), *more], deadline)}, context


def _tasks(checks: Iterable[Check], server: Server, context: Context) -> list[Task]:
    """Return the reads that these checks ask for, each once."""
    tasks: dict[str, Task] = {}
    for check in checks:
        if unmet(check.declaration.needs, server) is None:
            for name in check.reads:
                if name == "connection":
                    tasks[check.id] = Task(check.id, _judging(check, server, context), apart=True)
                elif name not in GIVEN and name not in tasks:
                    read = partial(_history, context.db) if name == "history" else read_rows(name, server.version)
                    tasks[name] = Task(name, read)
    return sorted(tasks.values(), key=lambda task: task.name not in LONG)


def _judging(check: Check, server: Server, context: Context) -> Read:
    """Return the read that a check with a connection of its own is."""
    given = {"server": server, "context": context}

    def read(connection: Any) -> Judgement:
        return check.judge(connection=connection, **{name: given[name] for name in check.reads if name in given})

    return read
