"""Interrupted at each statement of each revision, there and back: the database stands at a revision, or it is said how.

A walk through the history: each revision is cut short at its first statement, then at its second, and so on until it
gets through. In CI only some statements are taken; LITXDB_TEST_EVERY_STATEMENT=1 (make faults) takes them all.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from subprocess import Popen
from typing import Any

import psycopg2
import pytest
from sqlalchemy import Connection, event

from litxdb.database import Database
from litxdb.errors import ConnectionFailed, Interrupted, ServerRefused
from litxdb.local import Cluster
from litxdb.migrate import Graph, Project, RevisionStep, compare, current_revision, downgrade, fingerprint, upgrade
from litxdb.migrate.comparison.catalog import Fingerprint
from litxdb.migrate.lock import migration_lock
from litxdb.settings import Settings
from tests.bed.proxy import Proxy
from tests.bed.servers import Server
from tests.bed.statements import query

EVERY = 1 if os.environ.get("LITXDB_TEST_EVERY_STATEMENT") else 9
"""Each how many statements one is taken, besides all of the revision that is not one transaction."""

REVISIONS = Graph.read().revisions
HEAD = REVISIONS[-1].id
IN_PARTS = "0006_performance_indexes"
INDEXES = {"ix_tasks_user_status", "ix_reviews_content_fts", "ix_reviews_created_at"}


@pytest.fixture(scope="module")
def boundaries(server: Server) -> list[Fingerprint]:
    """The catalog before the first revision, and after each."""
    found = []
    with server.database() as url, Database(url) as db:
        found.append(fingerprint(db))
        for revision in REVISIONS:
            upgrade(db, revision.id)
            found.append(fingerprint(db))
    return found


class Killer:
    """Ends the migrating session just before one of its statements: the n-th of the revision, or its first COMMIT."""

    def __init__(self, db: Database) -> None:
        self.db, self.target, self.seen, self.killed = db, 0, -1, False
        event.listen(db.direct_engine, "before_cursor_execute", lambda connection, *rest: self._statement(connection))
        event.listen(db.direct_engine, "commit", self._commit)

    def aim(self, target: int) -> Callable[[RevisionStep], None]:
        """Take the n-th statement, or for 0 the COMMIT; what it returns is to `watch` the run."""
        self.target, self.seen, self.killed = target, -1, False

        def watch(step: RevisionStep) -> None:
            self.seen = 0 if step.milliseconds is None else -1

        return watch

    def _statement(self, connection: Connection) -> None:
        if self.seen >= 0:
            self.seen += 1
            self._kill(connection, self.seen == self.target)

    def _commit(self, connection: Connection) -> None:
        self._kill(connection, self.seen >= 0 and self.target == 0)

    def _kill(self, connection: Connection, wanted: bool) -> None:
        if wanted and not self.killed:
            self.killed = True
            pid = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
            query(self.db, f"select pg_terminate_backend({pid}, 5000)")


def differing(before: Fingerprint, after: Fingerprint) -> set[str]:
    return {each.object.removeprefix("public.") for each in compare(before, after)}


def cut_short_everywhere(
    db: Database, killer: Killer, move: Callable[..., object], boundary: Fingerprint, revision: str
) -> int:
    """Cut the move short at one statement after the other until it gets through, and count how often that was."""
    every = 1 if revision == IN_PARTS else EVERY
    for count, target in enumerate(itertools.chain([0], itertools.count(1, every))):
        before = fingerprint(db)
        failure = failure_of(partial(move, watch=killer.aim(target)))
        if failure is None:
            assert not killer.killed
            return count
        after = fingerprint(db)
        assert failure.startswith(f"Revision {revision} failed")
        assert differing(boundary, after) <= (INDEXES if revision == IN_PARTS else set())
        assert all(f"index public.{name} is" in failure for name in differing(before, after)), failure
    raise AssertionError


def failure_of(move: Callable[[], object]) -> str | None:
    try:
        move()
    except (ServerRefused, ConnectionFailed) as failure:
        return failure.message
    return None


def test_cut_short_at_each_statement_on_the_way_up(empty_db: Database, boundaries: list[Fingerprint]) -> None:
    killer, cuts = Killer(empty_db), 0
    for number, revision in enumerate(REVISIONS):
        cuts += cut_short_everywhere(
            empty_db, killer, partial(upgrade, empty_db, revision.id), boundaries[number], revision.id
        )
        assert compare(boundaries[number + 1], fingerprint(empty_db)) == ()
    assert cuts >= 2 * len(REVISIONS)


def test_cut_short_at_each_statement_on_the_way_down(db: Database, boundaries: list[Fingerprint]) -> None:
    killer, cuts = Killer(db), 0
    for number, revision in reversed(list(enumerate(REVISIONS))):
        cuts += cut_short_everywhere(db, killer, partial(downgrade, db), boundaries[number + 1], revision.id)
        assert compare(boundaries[number], fingerprint(db)) == ()
    assert cuts >= 2 * len(REVISIONS)


@pytest.mark.parametrize("target", range(1, 8, 3 if EVERY > 1 else 1))
def test_the_revision_that_is_not_one_transaction_is_finished_by_a_rerun(
    empty_db: Database, boundaries: list[Fingerprint], target: int
) -> None:
    upgrade(empty_db, "create_simplified_tasks_table")
    killer = Killer(empty_db)
    with pytest.raises((ServerRefused, ConnectionFailed)):
        upgrade(empty_db, IN_PARTS, watch=killer.aim(target))
    assert upgrade(empty_db).after == HEAD
    assert compare(boundaries[-1], fingerprint(empty_db)) == ()


# --- other ways to go


SLEEPING = "select pid from pg_stat_activity where datname = current_database() and state = 'active' and query ~ 'zzz'"


def until_asleep(db: Database) -> None:
    deadline = time.monotonic() + 20
    while len(query(db, SLEEPING)) < 2:  # this query itself is one
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def sleepy(project: Callable[..., Path]) -> Path:
    return project("op.create_table('half', sa.Column('id', sa.Integer)); op.execute('select pg_sleep(30) as zzz')")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_told_to_stop(
    start: Callable[..., Popen[str]], db: Database, db_url: str, sleepy: Path, number: signal.Signals, code: int
) -> None:
    process = start("migrate", "--directory", sleepy, "--url", db_url)
    until_asleep(db)
    process.send_signal(number)
    said = process.communicate(timeout=10)[1]
    assert process.returncode == code
    assert "Revision p1 was interrupted.\n" in said
    assert f"The database is at revision {HEAD}. Running litxdb migrate again is safe: it goes on from there.\n" in said
    assert query(db, "select to_regclass('half')") == [(None,)]
    assert query(db, "select outcome from litxdb.migrations where revision = 'p1'") == [("interrupted",)]


def test_told_to_stop_while_it_waits_for_another(start: Callable[..., Popen[str]], db: Database, db_url: str) -> None:
    with migration_lock(db, Project.litxplore(), 0):
        process = start("rollback", "--yes", "--url", db_url)
        assert process.stderr is not None
        while "waiting up to 60 s for another migration" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=10)[1]
    assert (process.returncode, said) == (130, "Nothing was changed: this run was waiting for another.\nInterrupted.\n")
    assert current_revision(db) == HEAD


def test_told_to_stop_on_the_way_back(db: Database) -> None:
    said: list[str] = []
    db.notify = said.append

    def stop(step: RevisionStep) -> None:
        if step.milliseconds is not None:
            raise Interrupted

    with pytest.raises(Interrupted):
        downgrade(db, 3, watch=stop)
    assert said == ["The database is at revision 0011_growth. To go on: litxdb rollback --to 0009_research_agent"]
    assert downgrade(db, to="0009_research_agent").after == "0009_research_agent"


def test_told_to_stop_while_it_repairs(db: Database) -> None:
    query(db, "alter table tasks add constraint early check (true) not valid")

    def stop(line: str) -> None:
        said.append(line)
        if line.startswith("repairing"):
            raise Interrupted

    said: list[str] = []
    db.notify = stop
    with pytest.raises(Interrupted):
        upgrade(db)
    assert said[1:] == [
        f"The database is at revision {HEAD}. Running litxdb migrate again is safe: it goes on from there."
    ]


def test_killed(start: Callable[..., Popen[str]], db: Database, db_url: str, sleepy: Path) -> None:
    process = start("migrate", "--directory", sleepy, "--url", db_url)
    until_asleep(db)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 15
    while len(query(db, SLEEPING)) > 1:  # the server looks whether its client is still there
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert current_revision(db) == HEAD
    assert query(db, "select to_regclass('half')") == [(None,)]
    assert upgrade(db).steps == ()


def test_the_network_is_cut(proxy: Callable[..., Proxy], db: Database, db_url: str, sleepy: Path) -> None:
    door = proxy(db_url)
    with Database(door.url) as far:
        cutter = threading.Thread(target=lambda: (until_asleep(db), door.cut()))
        cutter.start()
        with pytest.raises(ConnectionFailed, match=f"as the connection broke.* The database is at revision {HEAD}"):
            upgrade(far, directory=sleepy)
        cutter.join()
    assert query(db, "select to_regclass('half')") == [(None,)]


def test_an_answer_to_commit_that_is_lost(db: Database, project: Callable[..., Path]) -> None:
    directory = project("op.create_table('whole', sa.Column('id', sa.Integer))")
    commit, begun = db.direct_engine.dialect.do_commit, threading.Event()

    def lose_answer(connection: Any) -> None:
        commit(connection)
        if begun.is_set():
            raise psycopg2.OperationalError("server closed the connection unexpectedly")

    db.direct_engine.dialect.do_commit = lose_answer  # type: ignore[method-assign]
    with pytest.raises(ConnectionFailed, match=r"broke as revision p1 was committed. The database is at revision p1"):
        upgrade(db, directory=directory, watch=lambda step: begun.set())
    assert query(db, "select outcome from litxdb.migrations where revision = 'p1'") == [("applied",)]


def test_told_to_stop_while_commit_is_under_way(db: Database, project: Callable[..., Path]) -> None:
    said: list[str] = []
    db.notify = said.append
    commit, begun = db.direct_engine.dialect.do_commit, threading.Event()

    def interrupt(connection: Any) -> None:
        commit(connection)
        if begun.is_set():
            raise Interrupted

    db.direct_engine.dialect.do_commit = interrupt  # type: ignore[method-assign]
    with pytest.raises(Interrupted):
        upgrade(db, directory=project("op.execute('select 1')"), watch=lambda step: begun.set())
    assert said == ["The database is at revision p1. Running litxdb migrate again is safe: it goes on from there."]
    assert query(db, "select outcome from litxdb.migrations where revision = 'p1'") == [("applied",)]


def test_the_server_is_restarted(bed_directory: Path, sleepy: Path) -> None:
    cluster = Cluster(bed_directory / "restarted")
    cluster.start()

    def restart(db: Database) -> None:
        until_asleep(db)
        cluster.stop(immediate=True)
        cluster.start()

    try:
        with Database(cluster.url()) as db:
            restarter = threading.Thread(target=restart, args=(db,))
            restarter.start()
            with pytest.raises((ConnectionFailed, ServerRefused), match=f"The database is at revision {HEAD}"):
                upgrade(db, directory=sleepy)
            restarter.join()
            assert query(db, "select to_regclass('half')") == [(None,)]
            assert upgrade(db).steps == ()
    finally:
        cluster.stop(immediate=True)


def test_a_server_that_stays_away_is_not_guessed_about(bed_directory: Path, sleepy: Path) -> None:
    cluster = Cluster(bed_directory / "stopped")
    cluster.start()

    def stop(db: Database) -> None:
        until_asleep(db)
        cluster.stop(immediate=True)

    try:
        with Database(settings=replace(Settings.load(cluster.url()), retry_seconds=0)) as db:
            stopper = threading.Thread(target=stop, args=(db,))
            stopper.start()
            with pytest.raises((ConnectionFailed, ServerRefused), match="Where the database stands could not be read"):
                upgrade(db, directory=sleepy)
            stopper.join()
    finally:
        cluster.stop(immediate=True)
