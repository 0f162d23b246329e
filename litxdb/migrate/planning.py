"""The plan before a migration: what the pending revisions do to the tables that the target has."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.errors import LitxdbError, Refused
from litxdb.migrate import leftovers
from litxdb.migrate.ahead import Ahead, look_ahead
from litxdb.migrate.captured import CapturedRevision, Plan, PlannedRevision, TableLock
from litxdb.migrate.graph import HEAD
from litxdb.migrate.measure import strength
from litxdb.migrate.project import Project
from litxdb.migrate.state import shown
from litxdb.migrations.extensions import require

if TYPE_CHECKING:
    from litxdb.migrate.lint.relations import Relation


def plan_upgrade(
    db: Database,
    target: str = HEAD,
    *,
    steps: int | None = None,
    project: Project | None = None,
    accept: Collection[str] = (),
) -> Plan:
    """Say what an upgrade would do: run it on a scratch database at the same revision, look up sizes on this one.

    Changes nothing here, and takes no lock on a table. The locks are those of the scratch server's PostgreSQL, on
    tables without rows. Where the revisions cannot be run there, the plan says why and only has their names. `accept`
    names rules of lint whose findings do not count; raises ArgumentInvalid for one that does not exist, ServerRefused
    when the server lacks an extension that a revision needs.
    """
    ahead = look_ahead(db, target, steps=steps, project=project)
    with closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        for revision in ahead.steps:
            require(cursor, revision.extensions, revision.id)
        left = leftovers.find(connection, ahead.applied)
    return replace(plan_ahead(db, ahead, accept), leftovers=tuple(each for each in left if each.meant_by is None))


def plan_ahead(db: Database, ahead: Ahead, accept: Collection[str] = ()) -> Plan:
    """Do that for what lies ahead. Imports lint when there is something to do: nobody else waits for its rules."""
    way = shown(ahead.before), shown(ahead.after)
    if not ahead.steps:
        return Plan(*way, ())
    from litxdb.migrate import lint

    accepted = lint.accepted_rules(accept)
    target = lint.read_target(db)
    try:
        examined = lint.examine(db, ahead.project, ahead.graph, ahead.applied, [ahead.steps], target.relations)
    except LitxdbError as error:
        names = tuple(PlannedRevision(each.id, each.message) for each in ahead.steps)
        return Plan(*way, names, error.message, (lint.unexamined(ahead.steps[0], error, accepted),))
    try:
        findings = lint.judge(examined, target.major, accepted)
    except LitxdbError as error:  # without squawk
        findings = (lint.unexamined(ahead.steps[0], error, accepted),)
    return Plan(*way, tuple(_planned(each.done, target.relations) for each in examined), findings=findings)


def review(db: Database, ahead: Ahead, accept: Collection[str], show: Callable[[Plan], None]) -> None:
    """Make the plan and show it; raises Refused when it has findings of level error that nobody accepted."""
    db.notify("production: what is pending runs on a scratch database first")
    plan = plan_ahead(db, ahead, accept)
    show(plan)
    if plan.stops:
        rules = dict.fromkeys(each.rule for each in plan.stops)
        where = dict.fromkeys(each.revision for each in plan.stops)
        raise Refused(
            f"Lint stops this in production: {', '.join(rules)} in {', '.join(where)}. Nothing was changed.",
            f"Mend the revision; or, if it is no danger: {' '.join(f'--accept {rule}' for rule in rules)}. "
            "litxdb lint --explain RULE says what each means.",
        )


def _planned(done: CapturedRevision, relations: Mapping[str, Relation]) -> PlannedRevision:
    effects = [statement.effect for statement in done.statements if statement.effect is not None]
    locks = tuple(
        TableLock(
            table,
            mode,
            rewritten=any(table in effect.rewrites for effect in effects),
            scanned=any(table in effect.scans for effect in effects),
            built=tuple(index for effect in effects for index in effect.builds.get(table, ())),
            rows=relations[table].rows,
            bytes=relations[table].bytes,
        )
        for table, mode in _strongest(done).items()
        if table in relations
    )
    sent = tuple(statement.sql for statement in done.statements if not statement.reads)
    return PlannedRevision(done.revision, done.message, sent, done.asks, locks)


def _strongest(done: CapturedRevision) -> dict[str, str]:
    """Return each table's strongest lock in the whole revision."""
    strongest: dict[str, str] = {}
    for statement in done.statements:
        for table, mode in (statement.effect.locks if statement.effect else {}).items():
            strongest[table] = max(mode, strongest.get(table, mode), key=strength)
    return strongest
