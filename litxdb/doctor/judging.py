"""One check's judgement of what was read, as a result: its findings, or why there are none."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from litxdb.doctor.bulk import failures
from litxdb.doctor.check import Check
from litxdb.doctor.deadline import GRACE_SECONDS, Deadline, out_of_time
from litxdb.doctor.needs import unmet
from litxdb.doctor.results import Defect, Finding, Judgement, Reason, Result, Skip, Status, worst
from litxdb.errors import LitxdbError
from litxdb.interruption import interruptible


def judge(check: Check, answers: Mapping[str, Any], deadline: Deadline) -> Result:
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

    def judged() -> Judgement:
        return check.judge(**{name: answers[name] for name in check.reads})

    if "context" not in check.reads:
        return judged()
    try:  # it may look at files, and the disk may hang as any server
        return interruptible(judged, deadline.left + GRACE_SECONDS)
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
