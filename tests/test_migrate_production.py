"""Migrating in production: the plan comes first, and what lint takes for an error stops the run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from subprocess import Popen

import pytest

from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, Exit, Refused
from litxdb.migrate import Graph, Plan, compare, current_revision, fingerprint, plan_upgrade, upgrade
from litxdb.migrate.lint import lint
from litxdb.migrate.project import Project
from tests.bed.program import Outcome
from tests.bed.projects import Writer
from tests.bed.statements import query

HEAD = Graph.read().head.id
HARMLESS = "op.create_table('harmless', sa.Column('id', sa.BigInteger))"
INDEX = "op.create_index('by_name', 'users', ['first_name'])"
BY_NAME = "require-concurrent-index-creation"
PRODUCTION = {"LITXDB_ENV": "production"}

pytestmark = pytest.mark.usefixtures("one_scratch_server")


@pytest.fixture
def live(db: Database) -> Database:
    """A production database."""
    db.settings = replace(db.settings, production=True)
    return db


def test_an_error_stops_the_run_before_anything_is_touched(live: Database, project: Callable[..., Path]) -> None:
    query(live, "alter table tasks add constraint early check (true) not valid")
    before, shown = fingerprint(live), list[Plan]()
    with pytest.raises(Refused) as refusal:
        upgrade(live, directory=project(HARMLESS, INDEX), show=shown.append)
    assert refusal.value.message == f"Lint stops this in production: {BY_NAME} in p2. Nothing was changed."
    assert refusal.value.hint is not None
    assert f"--accept {BY_NAME}" in refusal.value.hint
    assert fingerprint(live) == before
    assert current_revision(live) == HEAD
    assert [row.revision for row in shown[0].rows] == ["p1", "p2"]
    assert [(each.rule, each.level) for each in shown[0].stops] == [(BY_NAME, "error")]


def test_what_is_accepted_by_name_or_in_the_revision_is_no_reason_to_stop(
    live: Database, project: Callable[..., Path]
) -> None:
    shown: list[Plan] = []
    done = upgrade(live, directory=project(INDEX), accept=[BY_NAME], show=shown.append)
    assert done.after == "p1"
    assert shown[0].findings[-1].accepted == "accepted by name"
    commented = project(INDEX, f"op.create_index('again', 'users', ['email'])  # litxdb: accept {BY_NAME} 40 rows")
    assert upgrade(live, directory=commented, show=shown.append).after == "p2"
    assert [shown[1].findings[-1].rule, shown[1].findings[-1].accepted] == [BY_NAME, "40 rows"]


def test_only_what_will_run_is_judged(live: Database, project: Callable[..., Path]) -> None:
    directory = project(HARMLESS, INDEX)
    mine = Project.litxplore(directory)
    assert lint(live, project=mine, target="p1").examined == ("p1",)
    assert lint(live, project=mine, steps=1).examined == ("p1",)
    assert upgrade(live, steps=1, directory=directory).after == "p1"
    with pytest.raises(Refused, match=f"{BY_NAME} in p2"):
        upgrade(live, "p2", directory=directory)


def test_a_rule_that_does_not_exist_is_said_so(live: Database, project: Callable[..., Path]) -> None:
    with pytest.raises(ArgumentInvalid, match="There is no rule require-concurrent-index-creatio") as failure:
        upgrade(live, directory=project(INDEX), accept=["require-concurrent-index-creatio"])
    assert failure.value.hint == f"Did you mean {BY_NAME}?"


def test_development_does_not_wait_for_lint(run: Callable[..., Outcome], db_url: str, project: Callable[..., Path],
                                            bed_directory: Path) -> None:  # fmt: skip
    fresh = bed_directory / "never-rehearsed"
    done = run("migrate", "--url", db_url, "--directory", project(INDEX), env={"LITXDB_HOME": str(fresh)})
    assert (done.code, fresh.exists()) == (0, False)
    idle = run("migrate", "--url", db_url, "--directory", project(INDEX),
               env={"LITXDB_HOME": str(fresh), **PRODUCTION})  # fmt: skip
    assert (idle.code, fresh.exists()) == (0, False), "nothing to do costs nothing in production either"


def test_the_command_shows_the_plan_beside_the_answer(
    run: Callable[..., Outcome], db: Database, db_url: str, project: Callable[..., Path]
) -> None:
    query(db, "update pg_class set reltuples = 5e6, relpages = 50000 where relname = 'users'")
    words = ("migrate", "--url", db_url, "--directory", project(INDEX))
    stopped = run(*words, env=PRODUCTION)
    assert (stopped.code, stopped.stdout) == (Exit.REFUSED, "")
    assert "    ShareLock on public.users (5,000,000 rows, 391 MB): builds 1 index\n" in stopped.stderr
    assert f"error    {BY_NAME}  p1, line " in stopped.stderr
    planned = run(*words, "--dry-run")
    assert planned.code == 0
    assert f"error    {BY_NAME}  p1, line " in planned.stdout
    assert "With LITXDB_ENV=production litxdb migrate refuses this" in planned.stderr
    assert run(*words, "--dry-run", "--accept", "nonsense").code == Exit.USAGE
    done = run(*words, "--accept", BY_NAME, "--format", "json", env=PRODUCTION)
    assert done.json["after"] == "p1"
    assert f"accepted {BY_NAME}  p1, line " in done.stderr


def test_eight_at_once_examine_it_once(
    start: Callable[..., Popen[str]], empty_db: Database, empty_url: str, db: Database
) -> None:
    with ExitStack() as stack:
        runs = [stack.enter_context(start("migrate", "--url", empty_url, env=PRODUCTION)) for _ in range(8)]
        ends = [(process.communicate(timeout=60), process.returncode) for process in runs]
    assert [code for _, code in ends] == [0] * 8, ends
    assert sum("runs on a scratch database first" in err for (_, err), _ in ends) == 1
    assert compare(fingerprint(db), fingerprint(empty_db)) == ()


# --- what cannot be examined


def test_what_fails_on_the_scratch_database_stops_the_run(live: Database, project: Callable[..., Path]) -> None:
    """As does what only fails there: nobody has seen what it does."""
    directory = project("op.execute(\"select 1 / count(*) from pg_database where datname like 'test\\\\_%'\")")
    found = plan_upgrade(live, project=Project.litxplore(directory))
    assert found.unknown is not None
    assert [each.rule for each in found.stops] == ["unexamined"]
    assert "Replaying revision p1 failed: division by zero" in found.stops[0].message
    with pytest.raises(Refused, match="stops this in production: unexamined in p1"):
        upgrade(live, directory=directory)
    assert upgrade(live, directory=directory, accept=["unexamined"]).after == "p1"


def test_a_history_that_cannot_be_replayed_needs_a_word(live: Database, tmp_path: Path) -> None:
    writer = Writer(tmp_path / "theirs")
    directory = writer()
    writer.revision("a", None, "op.execute('alter table made_elsewhere add b int')")
    query(live, "create table made_elsewhere ()")
    from litxdb.migrate import find_project

    theirs = replace(find_project(directory, live), version_table="their_version")
    with pytest.raises(Refused, match="unexamined in a"):
        upgrade(live, "heads", project=theirs)


def test_without_squawk_there_is_no_plan_to_trust(
    live: Database, project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    directory = project(HARMLESS)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = plan_upgrade(live, project=Project.litxplore(directory))
    assert [row.statements for row in found.rows] == [("\nCREATE TABLE harmless (\n\tid BIGINT\n)\n\n".strip(),)]
    assert [each.message for each in found.stops] == [
        "what it does could not be found out: "
        "The program squawk, which reads the SQL of revisions, is not installed"
    ]  # fmt: skip
