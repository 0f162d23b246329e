"""Down and up again: whether each revision's downgrade takes back what its upgrade did, by the catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack

from litxdb.database import Database
from litxdb.errors import Refused, ServerRefused
from litxdb.migrate.capture import SCRATCH, capture
from litxdb.migrate.catalog import Fingerprint, compare, fingerprint
from litxdb.migrate.graph import Revision
from litxdb.migrate.project import Project
from litxdb.migrate.rehearsal.results import Trace

Clone = Callable[[Database], AbstractContextManager[Database]]
"""Makes a copy of a database, for the time of a block."""

_BEGINNING = re.compile(r"^(?:Replaying revision|Revision) \S+ (?:failed|cannot be reverted): ")


def stepwise(
    project: Project,
    schema: Database,
    revisions: tuple[Revision, ...],
    clone: Clone,
    watch: Callable[[Revision], None],
) -> Iterator[Trace]:
    """Yield what is wrong with each revision, all of which lead on from `schema`, a database without rows.

    They run up, down and up again on a clone. One that fails spoils the clone: then `schema`, which only goes up, is
    brought to that revision and cloned anew. So each is judged for itself.
    """
    behind: list[Revision] = []
    with ExitStack() as stack:
        trial = stack.enter_context(clone(schema))
        for revision in revisions:
            watch(revision)
            found = list(_there_and_back(project, trial, revision))
            yield from found
            behind.append(revision)
            if found and revision is not revisions[-1]:
                stack.close()
                capture(project, schema, behind)
                behind = []
                trial = stack.enter_context(clone(schema))


def _there_and_back(project: Project, trial: Database, revision: Revision) -> Iterator[Trace]:
    before = fingerprint(trial)
    capture(project, trial, [revision])
    after = fingerprint(trial)
    try:
        capture(project, trial, [revision], up=False)
    except (Refused, ServerRefused) as error:
        yield Trace(revision.id, f"cannot be reverted: {said(error)}")
        return
    back = fingerprint(trial)
    left = compare(before, back)
    if left:
        yield Trace(revision.id, f"leaves {len(left)} {_differences(left)} when it is reverted", left)
    try:
        capture(project, trial, [revision])
    except ServerRefused as error:
        yield Trace(revision.id, f"cannot be applied again after it was reverted: {said(error)}")
        return
    again = compare(after, fingerprint(trial))
    if again:
        yield Trace(revision.id, f"makes another schema the second time: {len(again)} {_differences(again)}", again)


def in_one_go(
    project: Project,
    copy: Database,
    revisions: tuple[Revision, ...],
    before: Fingerprint,
    known: Mapping[str | None, list[Trace]],
) -> Iterator[Trace]:
    """Yield what goes wrong beyond what is known when all go down and up again, on the filled copy at their end.

    It goes back as far as no revision is known to be irreversible.
    """
    broken = [index for index, each in enumerate(revisions) if any(not t.differences for t in known.get(each.id, ()))]
    chain = revisions[max(broken, default=-1) + 1 :]
    if not chain:
        return
    after = fingerprint(copy)
    try:
        capture(project, copy, chain[::-1], up=False)
    except (Refused, ServerRefused) as error:
        yield Trace(None, f"with rows in the tables not everything can be reverted: {said(error)}")
        return
    explained = {(each.kind, each.object) for traces in known.values() for t in traces for each in t.differences}
    if len(chain) == len(revisions):
        yield from _unexplained(before, fingerprint(copy), explained, "reverting all in one go leaves")
    try:
        capture(project, copy, chain)
    except ServerRefused as error:
        yield Trace(None, f"all in one go cannot be applied again after they were reverted: {said(error)}")
        return
    yield from _unexplained(after, fingerprint(copy), explained, "all in one go make another schema the second time:")


def _unexplained(
    expected: Fingerprint, found: Fingerprint, explained: set[tuple[str, str]], title: str
) -> Iterator[Trace]:
    more = tuple(each for each in compare(expected, found) if (each.kind, each.object) not in explained)
    if more:
        yield Trace(None, f"{title} {len(more)} {_differences(more)}", more)


def said(error: Refused | ServerRefused) -> str:
    """Return what went wrong, without the revision and without where the scratch database stands now."""
    return _BEGINNING.sub("", error.message.removesuffix(SCRATCH).rstrip(" ."))


def _differences(found: tuple[object, ...]) -> str:
    return "difference" if len(found) == 1 else "differences"
