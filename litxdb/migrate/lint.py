"""Examining revisions before they meet the target: run on a scratch database, judged by the target's tables."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from litxdb.database import Database
from litxdb.errors import ConfigurationInvalid, LitxdbError
from litxdb.migrate.acceptance import acceptances
from litxdb.migrate.capture import capture, replayed
from litxdb.migrate.captured import CapturedRevision
from litxdb.migrate.graph import HEAD, HEADS, Graph, Revision
from litxdb.migrate.judging import LEVELS, Examined, Hit, Rule, weight
from litxdb.migrate.pieces import pieces
from litxdb.migrate.plan import upgrades
from litxdb.migrate.project import Project
from litxdb.migrate.relations import Relation, relations, sized
from litxdb.migrate.rules import own_rules
from litxdb.migrate.squawk import ask_squawk
from litxdb.migrate.squawk_rules import SQUAWK_RULES
from litxdb.migrate.state import current_revisions, shown


@dataclass(frozen=True)
class LintFinding:
    """A defect of a revision: which rule says so, where, of which table, how big that is on the target, what mends it.

    `level` is error, warning or info; `rows` and `bytes` are None when unknown; `accepted` is the reason why it does
    not count, if somebody gave one.
    """

    level: str
    rule: str
    revision: str
    table: str | None
    rows: int | None
    bytes: int | None
    message: str
    remedy: str
    statement: str | None
    file: str
    line: int
    accepted: str | None = None


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


def lint(
    db: Database,
    *,
    project: Project | None = None,
    revisions: Sequence[str] = (),
    everything: bool = False,
    accept: Collection[str] = (),
) -> LintResult:
    """Examine what is pending on the database, or the revisions named, or `everything` in the history.

    The database is only read: its revision, and its tables' sizes out of the catalogue. What is pending is judged
    together, by the tables that are there before all of it; revisions that are named each by itself, as if deployed
    alone. `accept` names rules whose findings do not count. Raises what `capture` raises when a revision cannot be run,
    ToolMissing without squawk, ConfigurationInvalid for a rule that does not exist.
    """
    project = project or Project.litxplore()
    accepted = {explain_rule(rule).id: "accepted by name" for rule in accept}
    graph = project.graph()
    current = current_revisions(db, project)
    if everything or revisions:
        wanted = graph.revisions if everything else tuple(map(graph.find, revisions))
        batches: list[tuple[Revision, ...]] = [(each,) for each in graph.revisions if each in wanted]
    else:
        pending = upgrades(graph, current, HEADS if project.foreign else HEAD)
        batches = [pending] if pending else []
    target, major = relations(db), _major(db)
    examined = _examine(db, project, graph, batches, target)
    said = ask_squawk(examined, major)
    found = [each for one, squawk in zip(examined, said, strict=True) for each in _findings(one, squawk, accepted)]
    rows = tuple(sorted(dict.fromkeys(found), key=_worst))
    return LintResult(shown(current), tuple(each.revision.id for each in examined), rows)


def explain_rule(name: str) -> Rule:
    """Return a rule, ours or squawk's. Raises ConfigurationInvalid, with a suggestion, when there is none."""
    rules = {rule.id: rule for rule in own_rules()} | SQUAWK_RULES
    if name not in rules:
        near = difflib.get_close_matches(name, rules, n=1, cutoff=0.4)
        raise ConfigurationInvalid(
            f"There is no rule {name}.",
            f"Did you mean {near[0]}?" if near else f"There are {', '.join(sorted(rules))}.",
        )
    return rules[name]


def _examine(
    db: Database, project: Project, graph: Graph, batches: Sequence[tuple[Revision, ...]], target: dict[str, Relation]
) -> list[Examined]:
    """Run each batch on one scratch database, and then back as far as it goes."""
    if not batches:
        return []
    first = {each.id for each in batches[0]}
    before = [each for each in graph.lineage(first) if each.id not in first]
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


def _tried_back(project: Project, scratch: Database, revisions: Sequence[Revision]) -> dict[str, str]:
    """Revert the revisions, newest first, until a downgrade fails; say with what that one did."""
    for revision in reversed(revisions):
        try:
            capture(project, scratch, [revision], up=False)
        except AttributeError:
            return {}  # there is no downgrade(), and another rule says so
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
    for revision, own in zip(batch, sent, strict=True):
        source = Path(revision.path).read_text(encoding="utf-8")
        yield Examined(revision, source, own, existing, refusals.get(revision.id), made)


def _findings(examined: Examined, squawk: list[tuple[Rule, Hit]], accepted: dict[str, str]) -> Iterator[LintFinding]:
    hits = squawk + [(rule, hit) for rule in own_rules() if rule.find for hit in rule.find(examined)]
    said = {(rule.id, id(hit.piece)) for rule, hit in hits}
    comments = {each.rule: each.reason for each in acceptances(examined.source) if each.reason}
    for rule, hit in hits:
        if any((other, id(hit.piece)) in said for other in rule.overlaps):
            continue
        finding = _finding(examined, rule, hit)
        yield replace(finding, accepted=accepted.get(rule.id, comments.get(rule.id)))


def _finding(examined: Examined, rule: Rule, hit: Hit) -> LintFinding:
    table, sent = hit.table, hit.piece.statement.line if hit.piece else None
    return LintFinding(
        level="info" if rule.weighted and table and table.small else hit.level or rule.level,
        rule=rule.id,
        revision=examined.revision.id,
        table=table.name if table else None,
        rows=table.rows if table else None,
        bytes=table.bytes if table else None,
        message=hit.message,
        remedy=rule.remedy,
        statement=hit.piece.sql if hit.piece else None,
        file=str(examined.revision.path),
        line=hit.line or sent or 1,
    )


def _worst(finding: LintFinding) -> tuple[bool, int, float]:
    size = Relation("", finding.rows, finding.bytes) if finding.table else None
    return finding.accepted is not None, -LEVELS.index(finding.level), -weight(size)


def _major(db: Database) -> int:
    with contextlib.closing(db.connect(autocommit=True)) as connection:
        return int(connection.info.server_version) // 10000
