"""Down and up again: whether each revision's downgrade takes back what its upgrade did, by the catalog."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field

from litxdb.database import Database
from litxdb.errors import Refused, ServerRefused
from litxdb.migrate.capturing import UNTOUCHED, capture
from litxdb.migrate.comparison.catalog import Fingerprint, compare, fingerprint
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
) -> Iterator[Trace]:
    """Yield what is wrong with each revision, all of which lead on from `schema`, a database without rows.

    They run up, down and up again on a clone. One that fails spoils the clone: then `schema`, which only goes up, is
    brought to that revision and cloned anew. So each is judged for itself.
    """
    behind: list[Revision] = []
    with ExitStack() as stack:
        trial = stack.enter_context(clone(schema))
        before = schema_of(project, trial)
        for revision in revisions:
            trip = _Trip(project, trial, revision, before)
            found = list(trip.traces())
            yield from found
            behind.append(revision)
            before = trip.after
            if not trip.after:
                return  # nothing can follow it here
            if found and revision is not revisions[-1]:
                stack.close()
                capture(project, schema, behind)
                behind = []
                trial = stack.enter_context(clone(schema))


@dataclass
class _Trip:
    """One revision up, down and up again; `after` is the schema with it."""

    project: Project
    trial: Database
    revision: Revision
    before: Fingerprint
    after: Fingerprint = field(default_factory=dict)

    def traces(self) -> Iterator[Trace]:
        try:
            capture(self.project, self.trial, [self.revision])
        except ServerRefused as error:  # it passed with the others, where the tables have rows
            yield Trace(self.revision.id, f"fails by itself where the tables are empty: {said(error)}")
            return
        self.after = schema_of(self.project, self.trial)
        try:
            capture(self.project, self.trial, [self.revision], up=False)
        except (Refused, ServerRefused) as error:
            yield Trace(self.revision.id, f"cannot be reverted: {said(error)}", irreversible=True)
            return
        left = compare(self.before, schema_of(self.project, self.trial))
        if left:
            yield Trace(self.revision.id, f"leaves {_count(left)} when it is reverted", left)
        try:
            capture(self.project, self.trial, [self.revision])
        except ServerRefused as error:
            yield Trace(self.revision.id, f"cannot be applied again after it was reverted: {said(error)}")
            return
        again = compare(self.after, schema_of(self.project, self.trial))
        if again:
            yield Trace(self.revision.id, f"makes another schema the second time: {_count(again)}", again)


def schema_of(project: Project, db: Database) -> Fingerprint:
    """Read the catalog without the version table, whatever the project calls it: Alembic makes it, and leaves it."""
    table = f"{project.version_schema or 'public'}.{project.version_table}"
    theirs = {table, f"{table}_pkc", f"{table}.{project.version_table}_pkc", f"{table}.version_num"}
    return {key: text for key, text in fingerprint(db).items() if key[1].replace('"', "") not in theirs}


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
    after = schema_of(project, copy)
    try:
        capture(project, copy, chain[::-1], up=False)
    except (Refused, ServerRefused) as error:
        message = f"with rows in the tables not everything can be reverted: {said(error)}"
        yield Trace(None, message, irreversible=True)
        return
    explained = {(each.kind, each.object) for traces in known.values() for t in traces for each in t.differences}
    if len(chain) == len(revisions):
        yield from _unexplained(before, schema_of(project, copy), explained, "reverting leaves")
    try:
        capture(project, copy, chain)
    except ServerRefused as error:
        yield Trace(None, f"cannot be applied again after they were reverted: {said(error)}")
        return
    yield from _unexplained(after, schema_of(project, copy), explained, "make another schema the second time:")


def _unexplained(
    expected: Fingerprint, found: Fingerprint, explained: set[tuple[str, str]], title: str
) -> Iterator[Trace]:
    more = tuple(each for each in compare(expected, found) if (each.kind, each.object) not in explained)
    if more:
        yield Trace(None, f"{title} {_count(more)}", more)


def said(error: Refused | ServerRefused) -> str:
    """Return what went wrong, without the revision and without where the scratch database stands now."""
    return _BEGINNING.sub("", error.message.removesuffix(UNTOUCHED).rstrip(". "))


def _count(found: tuple[object, ...]) -> str:
    return f"{len(found)} difference{'s' if len(found) > 1 else ''}"
