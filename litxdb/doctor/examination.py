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
from litxdb.doctor.bulk import Task, failures, read_all
from litxdb.doctor.check import Check, Context, Server, Tier
from litxdb.doctor.checklist import select
from litxdb.doctor.deadline import GRACE_SECONDS, Deadline, out_of_time
from litxdb.doctor.examiner import Examiner, Read
from litxdb.doctor.ignoring import Ignore, sift
from litxdb.doctor.needs import unmet
from litxdb.doctor.reads import read_rows, read_server
from litxdb.doctor.results import (
    Defect,
    Examination,
    Finding,
    Ignored,
    Judgement,
    Reason,
    Result,
    Skip,
    Status,
    Trend,
    count,
    worst,
)
from litxdb.errors import ConnectionFailed, LitxdbError
from litxdb.interruption import interruptible

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
        result = _judge(check, {**answers, "results": tuple(results.values())}, deadline)
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


def _judge(check: Check, answers: Mapping[str, Any], deadline: Deadline) -> Result:
    """Let a check judge what was read; whatever goes wrong there is this check's result, and nobody else's."""
    start = time.perf_counter()
    try:
        judgement = _judgement(check, answers, deadline)
        defects = [_finding(check, defect) for defect in judgement.defects]
        if judgement.examined == 0 and not defects:
            raise Skip(
                judgement.reason or Reason.NOTHING_THERE, judgement.detail or "There is none here.", judgement.remedy
            )
        status = worst(defects)
        result = _result(check, status, tuple(defects), judgement)
    except Skip as skip:
        result = _result(check, Status.SKIP, (), Judgement(0, (), 0, skip.reason, skip.detail, skip.remedy))
    except LitxdbError as error:
        if "history" in check.reads:  # another run thins it out, or the file is damaged: no fault of the check's
            unread = Judgement(0, (), 0, Reason.COLD_STATISTICS, error.message, error.hint or "")
            return _result(check, Status.SKIP, (), unread)
        result = _result(check, Status.ERROR, (), Judgement(0, detail=error.message, remedy=error.hint or ""))
    except Exception as error:  # one check's bug must not cost the person the others' answers
        result = _result(check, Status.ERROR, (), Judgement(0, detail=_first_line(error)))
    return replace(result, milliseconds=(time.perf_counter() - start) * 1000)


def _judgement(check: Check, answers: Mapping[str, Any], deadline: Deadline) -> Judgement:
    server = answers["server"]
    if set(check.reads) - {"context", "results"} or check.declaration.needs:
        if isinstance(server, Exception):
            raise server
        skip = unmet(check.declaration.needs, server)
        if skip:
            raise skip
    if "connection" in check.reads:
        failure = failures([check.id], answers)
        if failure:
            raise failure
        judgement: Judgement = answers[check.id]
        return judgement
    failure = failures(check.reads, answers)
    if failure:
        raise failure

    def judge() -> Judgement:
        return check.judge(**{name: answers[name] for name in check.reads})

    if "context" not in check.reads:
        return judge()
    try:  # it may look at files, and the disk may hang as any server
        return interruptible(judge, deadline.left + GRACE_SECONDS)
    except TimeoutError:
        raise out_of_time(deadline) from None


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def _result(check: Check, status: Status, findings: tuple[Finding, ...], seen: Judgement) -> Result:
    return Result(
        check=check.id,
        area=check.area,
        status=status,
        examined=seen.examined,
        unseen=seen.unseen,
        reason=seen.reason,
        detail=seen.detail,
        remedy=seen.remedy,
        milliseconds=0.0,
        findings=findings,
    )


def _finding(check: Check, defect: Defect) -> Finding:
    declared = check.declaration
    return Finding(
        check=check.id,
        area=check.area,
        level=defect.level,
        object=defect.object,
        measured=defect.measured,
        threshold=declared.threshold,
        title=check.title,
        why=check.why,
        remedy=defect.remedy or declared.remedy,
        fix=defect.fix or declared.fix,
        lock=declared.lock,
        undo=defect.undo,
        value=defect.value,
        key=f"{check.id}:{defect.object}",
    )
