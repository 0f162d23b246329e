"""Examining revisions before they meet the target: run on a scratch database, judged by the target's tables."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, LitxdbError
from litxdb.migrate.ahead import look_ahead
from litxdb.migrate.captured import CapturedRevision
from litxdb.migrate.capturing import capture, replayed
from litxdb.migrate.graph import HEAD, HEADS, Graph, Revision
from litxdb.migrate.lint.acceptance import acceptances
from litxdb.migrate.lint.judging import LEVELS, Examined, Hit, Rule, weight
from litxdb.migrate.lint.pieces import pieces
from litxdb.migrate.lint.relations import Relation, read_relations, relations, sized
from litxdb.migrate.lint.rules import own_rules
from litxdb.migrate.lint.squawk import ask_squawk
from litxdb.migrate.lint.squawk_rules import SQUAWK_RULES
from litxdb.migrate.project import Project
from litxdb.migrate.results import LintFinding
from litxdb.migrate.state import current_revisions, shown


@dataclass(frozen=True)
class LintResult:
    """What was examined and found, the worst first; `current` is where the target stands."""

    current: str | None
    examined: tuple[str, ...]
    rows: tuple[LintFinding, ...]

    def count(self, level: str) -> int:
        """Count the findings of this level that nobody accepted."""
        return sum(finding.level == level and finding.accepted is None for finding in self.rows)

    def fails(self, level: str = "error") -> bool:
        """Tell whether anything as bad as this, or worse, was found and not accepted."""
        return any(self.count(each) for each in LEVELS[LEVELS.index(level) :])


@dataclass(frozen=True)
class LintTarget:
    """What judging must know of the database that the revisions are for; `major` is its server's version."""

    relations: Mapping[str, Relation]
    major: int


def lint(
    db: Database,
    *,
    project: Project | None = None,
    target: str | None = None,
    steps: int | None = None,
    revisions: Sequence[str] = (),
    everything: bool = False,
    accept: Collection[str] = (),
) -> LintResult:
    """Examine what `upgrade` would run with this target and steps, or the revisions named, or the whole history.

    The database is only read: its revision, and its tables' sizes out of the catalog. What is pending is judged
    together, by the tables that are there before all of it; revisions that are named each by itself, as if deployed
    alone. `accept` names rules whose findings do not count. Raises what `capture` raises when a revision cannot be run,
    ToolMissing without squawk, ArgumentInvalid for a rule that does not exist.
    """
    project = project or Project.litxplore()
    accepted = accepted_rules(accept)
    if everything or revisions:
        graph, current = project.graph(), current_revisions(db, project)
        wanted = graph.revisions if everything else tuple(map(graph.find, revisions))
        batches: list[tuple[Revision, ...]] = [(each,) for each in graph.revisions if each in wanted]
        before = tuple(each for each in graph.lineage(batches[0][0].id) if each != batches[0][0])
    else:
        ahead = look_ahead(db, target or (HEADS if project.foreign else HEAD), steps=steps, project=project)
        graph, current, before = ahead.graph, ahead.before, ahead.applied
        batches = [ahead.steps] if ahead.steps else []
    there = read_target(db)
    examined = examine(db, project, graph, before, batches, there.relations)
    return LintResult(
        shown(current), tuple(each.revision.id for each in examined), judge(examined, there.major, accepted)
    )


def accepted_rules(names: Collection[str]) -> dict[str, str]:
    """Return why the findings of these rules do not count. Raises ArgumentInvalid when one does not exist."""
    return {explain_rule(name).id: "accepted by name" for name in names}


def explain_rule(name: str) -> Rule:
    """Return a rule, ours or squawk's. Raises ArgumentInvalid, with a suggestion, when there is none."""
    rules = {rule.id: rule for rule in own_rules()} | SQUAWK_RULES
    if name not in rules:
        near = difflib.get_close_matches(name, rules, n=1, cutoff=0.4)
        raise ArgumentInvalid(
            f"There is no rule {name}.",
            f"Did you mean {near[0]}?" if near else f"There are {', '.join(sorted(rules))}.",
        )
    return rules[name]


def read_target(db: Database) -> LintTarget:
    """Read the sizes of the database's tables and the version of its server; waits for no lock."""
    with contextlib.closing(db.connect(autocommit=True)) as connection:
        return LintTarget(read_relations(connection), int(connection.info.server_version) // 10000)


def examine(
    db: Database,
    project: Project,
    graph: Graph,
    before: Sequence[Revision],
    batches: Sequence[tuple[Revision, ...]],
    target: Mapping[str, Relation],
) -> list[Examined]:
    """Run each batch on one scratch database that has the revisions `before`, and then back as far as it goes."""
    if not batches:
        return []
    since: list[Revision] = []
    runs = []
    with replayed(project, db.settings, before) as scratch:
        for batch in batches:
            ids = {each.id for each in batch}
            between = [each for each in graph.lineage(ids) if each not in (*before, *since, *batch)]
            capture(project, scratch, between)
            existing = sized(relations(scratch), target)
            runs.append((batch, existing, capture(project, scratch, batch, measure=True)))
            since += [*between, *batch]
        refusals = _tried_back(project, scratch, since)
    return [each for batch, existing, done in runs for each in _examined(batch, done, existing, refusals)]


def judge(examined: Sequence[Examined], major: int, accepted: Mapping[str, str]) -> tuple[LintFinding, ...]:
    """Return what is wrong with revisions that were run, the worst first. Raises ToolMissing without squawk."""
    said = ask_squawk(examined, major)
    found = [each for one, squawk in zip(examined, said, strict=True) for each in _findings(one, squawk, accepted)]
    return tuple(sorted(dict.fromkeys(found), key=_worst))


def unexamined(revision: Revision, error: LitxdbError, accepted: Mapping[str, str]) -> LintFinding:
    """Return the finding that the revisions from this one on could not be examined."""
    rule = explain_rule("unexamined")
    reason = error.message.rstrip(".")
    finding = _finding(revision, rule, Hit(f"what it does could not be found out: {reason}"))
    return replace(finding, accepted=accepted.get(rule.id))


def _tried_back(project: Project, scratch: Database, revisions: Sequence[Revision]) -> dict[str, str]:
    """Revert the revisions, newest first, until a downgrade fails; say with what that one did."""
    for revision in reversed(revisions):
        try:
            capture(project, scratch, [revision], up=False)
        except LitxdbError as error:
            return {revision.id: error.message.rstrip(".")}
    return {}


def _examined(
    batch: Sequence[Revision],
    done: Sequence[CapturedRevision],
    existing: dict[str, Relation],
    refusals: dict[str, str],
) -> Iterator[Examined]:
    sent = [tuple(piece for each in one.statements for piece in pieces(each, existing)) for one in done]
    made = frozenset(piece.made for one in sent for piece in one if piece.made)
    for revision, one, own in zip(batch, done, sent, strict=True):
        source = Path(revision.path).read_text(encoding="utf-8")
        yield Examined(revision, one, source, own, existing, refusals.get(revision.id), made)


def _findings(examined: Examined, squawk: list[tuple[Rule, Hit]], accepted: Mapping[str, str]) -> Iterator[LintFinding]:
    hits = squawk + [(rule, hit) for rule in own_rules() if rule.find for hit in rule.find(examined)]
    said = {(rule.id, id(hit.piece)) for rule, hit in hits}
    comments = {each.rule: each.reason for each in acceptances(examined.source) if each.reason}
    for rule, hit in hits:
        if any((other, id(hit.piece)) in said for other in rule.overlaps):
            continue
        finding = _finding(examined.revision, rule, hit)
        yield replace(finding, accepted=accepted.get(rule.id, comments.get(rule.id)))


def _finding(revision: Revision, rule: Rule, hit: Hit) -> LintFinding:
    table, sent = hit.table, hit.piece.statement.line if hit.piece else None
    return LintFinding(
        level="info" if rule.weighted and table and table.small else hit.level or rule.level,
        rule=rule.id,
        revision=revision.id,
        table=table.name if table else None,
        rows=table.rows if table else None,
        bytes=table.bytes if table else None,
        message=hit.message,
        remedy=rule.remedy,
        statement=hit.piece.sql if hit.piece else None,
        file=str(revision.path),
        line=hit.line or sent or 1,
    )


def _worst(finding: LintFinding) -> tuple[bool, int, float]:
    size = Relation("", finding.rows, finding.bytes) if finding.table else None
    return finding.accepted is not None, -LEVELS.index(finding.level), -weight(size)
