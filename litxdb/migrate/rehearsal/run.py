"""Rehearsing the pending revisions on a copy of the target that nobody depends on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, ServerRefused
from litxdb.local import Cluster, scratch, scratch_database
from litxdb.migrate.captured import CapturedRevision
from litxdb.migrate.capturing import capture, replayed
from litxdb.migrate.graph import HEAD, Graph, Revision
from litxdb.migrate.plan import tips, upgrades
from litxdb.migrate.project import Project
from litxdb.migrate.rehearsal.fill import fill as generate
from litxdb.migrate.rehearsal.holds import Sizes, measured
from litxdb.migrate.rehearsal.results import Filled, Hold, Rehearsal, Rehearsed, Trace
from litxdb.migrate.rehearsal.round_trip import in_one_go, said, schema_of, stepwise
from litxdb.migrate.rehearsal.target import Target, read_target
from litxdb.migrate.rehearsal.verdict import verdict
from litxdb.migrate.results import RevisionStep
from litxdb.migrate.state import shown
from litxdb.migrate.steps import Watch
from litxdb.settings import Settings

ROWS = 50_000
MAX_BLOCK_SECONDS = 1.0
ONE_WAY = ("missing-downgrade", "failing-downgrade")
"""The rules of lint by which a revision that cannot be reverted is accepted."""

Fill = Callable[[Database], Sequence[Filled]]
"""Puts rows into the empty copy of the target's schema, and says how many each table has there and here."""

TABLES = """
select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
"""


def rehearse(
    db: Database | None,
    revision: str = HEAD,
    *,
    settings: Settings | None = None,
    project: Project | None = None,
    rows: int = ROWS,
    max_block_seconds: float = MAX_BLOCK_SECONDS,
    accept: Collection[str] = (),
    fill: Fill | None = None,
    watch: Watch = lambda step: None,
) -> Rehearsal:
    """Run the revisions that this database lacks on a copy of it, measure them, and take them down and up again.

    The database itself is only read: where it is in the history, and its statistics. The copy is the history replayed
    to the same revision on the embedded server, with made-up rows: as many as the target has, at most `rows` a table.
    `fill` puts others there, a backup's perhaps. Without a database all revisions run from empty.

    A revision that cannot be reverted does not count if `accept` names missing-downgrade or failing-downgrade, or a
    comment in its file does as for lint. Raises ArgumentInvalid for other rules, and ServerRefused when the history
    cannot be replayed from an empty database; a pending revision that fails is in the result.
    """
    for rule in accept:
        if rule not in ONE_WAY:
            raise ArgumentInvalid(
                f"A rehearsal does not go by the rule {rule}.", f"It accepts {' and '.join(ONE_WAY)}."
            )
    settings = settings or (db.settings if db else Settings.load())
    project = project or Project.litxplore()
    target = read_target(db, project) if db else Target()
    graph = project.graph()
    pending = upgrades(graph, target.revisions, revision)
    if not pending:
        before = shown(target.revisions)
        return Rehearsal(
            f"Nothing is pending: the database is at {before}.", True, before, before, 0, max_block_seconds
        )

    def generated(copy: Database) -> Sequence[Filled]:
        return generate(copy, target, project.version_name, rows) if any(target.rows.values()) else ()

    with scratch(settings) as cluster:
        run = _Run(project, settings, cluster, graph, target, pending, accept, watch)
        return run.result(fill or generated, max_block_seconds)


@dataclass
class _Run:
    """One rehearsal under way."""

    project: Project
    settings: Settings
    cluster: Cluster
    graph: Graph
    target: Target
    pending: tuple[Revision, ...]
    accept: Collection[str]
    watch: Watch
    rows: list[Rehearsed] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    passed: tuple[Revision, ...] = ()
    failure: str | None = None

    def result(self, fill: Fill, max_block_seconds: float) -> Rehearsal:
        start = time.perf_counter()
        applied = self.graph.lineage(self.target.revisions)
        with contextlib.ExitStack() as stack:
            with self._step("schema", f"{len(applied)} revisions replayed"):
                schema = stack.enter_context(replayed(self.project, self.settings, applied))
                copy = stack.enter_context(self._clone(schema))
            with self._step("rows", "made up, or put in from elsewhere"):
                filled = tuple(fill(copy))
            sizes = Sizes(filled)
            before = schema_of(self.project, copy)
            self._measure(copy, sizes)
            with self._step("round trip", "down and up again, one by one and in one go"):
                passed = self.passed
                self.traces += stepwise(self.project, schema, passed, self._clone)
                known: dict[str | None, list[Trace]] = {}
                for trace in self.traces:
                    known.setdefault(trace.revision, []).append(trace)
                self.traces += in_one_go(self.project, copy, passed, before, known)
        traces = tuple(map(self._judged, self.traces))
        blocking = [hold for hold in self.holds if hold.blocks]
        calm = all(hold.high <= max_block_seconds * 1000 and hold.tested for hold in blocking)
        return Rehearsal(
            verdict=verdict(self.failure, self.holds, traces, sizes, max_block_seconds),
            ok=calm and all(trace.accepted for trace in traces) and self.failure is None,
            before=shown(self.target.revisions),
            after=shown(tips((*applied, *self.pending))),
            milliseconds=(time.perf_counter() - start) * 1000,
            max_block_seconds=max_block_seconds,
            rows=tuple(self.rows),
            holds=tuple(sorted(self.holds, key=lambda hold: (hold.blocks is None, -hold.high))),
            traces=traces,
            tables=filled,
            caveats=tuple(self._caveats(filled)),
            failure=self.failure,
        )

    def _measure(self, copy: Database, sizes: Sizes) -> None:
        """Apply the revisions in one go, as a migration does, until one fails."""
        existing = _tables(copy)
        done: list[CapturedRevision] = []
        try:
            capture(self.project, copy, self.pending, measure=True, watch=self.watch, done=done)
        except ServerRefused as error:
            self.failure = f"Revision {self.pending[len(done)].id} failed: {said(error)}"
        for one in done:
            rows, holds = measured(one, existing, sizes)
            self.rows += rows
            self.holds += holds
        self.passed = self.pending[: len(done)]

    def _judged(self, trace: Trace) -> Trace:
        """Say why a revision that cannot be reverted does not count, if somebody accepted that."""
        from litxdb.migrate.lint.acceptance import acceptances

        if trace.irreversible and self.accept:
            return replace(trace, accepted="accepted by name")
        if not trace.irreversible or trace.revision is None:
            return trace
        source = self.graph.find(trace.revision).path.read_text(encoding="utf-8")
        reasons = (each.reason for each in acceptances(source) if each.rule in ONE_WAY)
        return replace(trace, accepted=next(filter(None, reasons), None))

    def _caveats(self, filled: Sequence[Filled]) -> Iterator[str]:
        """Say what this rehearsal does not prove."""
        ours = int(self.cluster.binaries.version.partition(".")[0])
        theirs = (self.target.server_version or 0) // 10000
        if theirs and theirs < ours:
            yield (
                f"The target runs PostgreSQL {theirs}, the rehearsal {ours}: that a statement runs here does not prove "
                f"that {theirs} knows its syntax, and locks and rewrites may differ."
            )
        if self.target.server_version is None:
            yield "There was no target: all revisions ran from empty, and their times say nothing of tables with rows."
        elif not filled:
            yield "The target's statistics count no rows: the tables were empty here too. If it has rows, ANALYZE it."
        for each in filled:
            if each.reason:
                yield f"{each.table} has {each.target_rows:,} rows on the target and none here: {each.reason}."
        fewer = [each.table for each in filled if 0 < each.rows < 0.9 * each.target_rows]
        if fewer:
            yield (
                f"Fewer rows than on the target: {', '.join(fewer)}. Where a statement works through them, its time "
                "there is an estimate: linear in the rows, from half to twice that."
            )

    @contextlib.contextmanager
    def _clone(self, template: Database) -> Iterator[Database]:
        name = template.endpoint.dbname
        with (
            scratch_database(self.cluster, name) as clone,
            Database(settings=Settings(url=self.cluster.url(clone), home=self.settings.home), command="rehearse") as db,
        ):
            yield db

    @contextlib.contextmanager
    def _step(self, name: str, title: str) -> Iterator[None]:
        step = RevisionStep(name, title)
        self.watch(step)
        start = time.perf_counter()
        yield
        self.watch(replace(step, milliseconds=(time.perf_counter() - start) * 1000))


def _tables(db: Database) -> list[str]:
    with contextlib.closing(db.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        return [name for (name,) in cursor.fetchall()]
