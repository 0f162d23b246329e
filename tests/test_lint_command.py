"""`litxdb lint` as a person, a program and GitHub see it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from litxdb.commands._linting import annotation
from litxdb.database import Database
from litxdb.migrate import Graph
from litxdb.migrate.lint import LintFinding
from tests.bed.program import Outcome
from tests.bed.statements import query

HEAD = Graph.read().head.id
REVISION = f'''"""Find readers by name: 100% of them, by 8:00."""
from alembic import op

revision = "p1"
down_revision = "{HEAD}"

def upgrade():
    op.create_index("ix_users_name", "users", ["first_name"])
    op.alter_column("users", "last_name", new_column_name="surname")
    op.execute("alter table users add column title varchar(20)")

def downgrade():
    op.execute("alter table users drop title, rename surname to last_name")
'''

Run = Callable[..., Outcome]


@pytest.fixture
def lint(run: Run, db: Database, db_url: str) -> Callable[..., Outcome]:
    """Run lint on one revision that blocks, breaks and could be better; `users` has 5,000,000 rows."""
    query(db, "update pg_class set reltuples = 5e6, relpages = 50000 where relname = 'users'")
    Path("revisions").mkdir()
    Path("revisions/1.py").write_text(REVISION)
    return lambda *words, **options: run("lint", "--url", db_url, "--directory", "revisions", *words, **options)


def test_a_person_sees_what_matters_and_how_much_is_left_out(lint: Callable[..., Outcome]) -> None:
    outcome = lint()
    assert outcome.code == 1
    assert [line.split()[:2] for line in outcome.stdout.splitlines() if line and line[0] != " "] == [
        ["error", "require-concurrent-index-creation"],
        ["warning", "failing-downgrade"],
        ["warning", "renaming-column"],
    ] or outcome.stdout
    assert "public.users (5,000,000 rows, 391 MB)" in outcome.stdout
    assert "prefer-text-field" not in outcome.stdout
    assert outcome.stderr == "Examined 1 revision: 1 error, 2 warning, 1 info. 1 not shown: --all-findings.\n"
    everything = lint("--all-findings")
    assert "prefer-text-field" in everything.stdout
    assert "not shown" not in everything.stderr


def test_github_gets_annotations_of_the_revision_s_lines(lint: Callable[..., Outcome]) -> None:
    outcome = lint("--format", "github")
    assert outcome.code == 1
    first = outcome.stdout.splitlines()[0]
    place = "::error file=revisions/1.py,line=8,title=require-concurrent-index-creation in p1::"
    assert first.startswith(f"{place}public.users: CREATE INDEX blocks writes until it is built")
    assert all(line.startswith(("::error ", "::warning ")) for line in outcome.stdout.splitlines())
    assert "::notice file=revisions/1.py,line=10," in lint("--format", "github", "--all-findings").stdout


def test_an_annotation_cannot_be_broken_out_of() -> None:
    finding = LintFinding("info", "r", "a:b", None, None, None, "100%\nof", "x", None, "/else/where,1.py", 3)
    assert annotation(finding) == "::notice file=/else/where%2C1.py,line=3,title=r in a%3Ab::100%25%0Aof. x"


def test_programs_get_all_of_it(lint: Callable[..., Outcome]) -> None:
    answer = lint("--format", "json").json
    assert (answer["current"], answer["examined"]) == (HEAD, ["p1"])
    worst = answer["rows"][0]
    assert (worst["level"], worst["rule"], worst["rows"]) == ("error", "require-concurrent-index-creation", 5_000_000)
    assert [each["level"] for each in answer["rows"]] == ["error", "warning", "warning", "info"]
    rows = list(csv.DictReader(io.StringIO(lint("--format", "csv").stdout)))
    assert [{**each, "line": int(each["line"])} for each in rows] == [
        {name: "" if value is None else str(value) if name != "line" else value for name, value in each.items()}
        for each in answer["rows"]
    ]


def test_the_exit_code_goes_by_what_is_accepted_and_from_which_level_on(lint: Callable[..., Outcome]) -> None:
    index, others = "require-concurrent-index-creation", ("renaming-column", "failing-downgrade")
    accepted = lint("--accept", index)
    assert accepted.code == 0
    assert "1 accepted" in accepted.stderr
    assert index not in accepted.stdout
    assert lint("--accept", index, "--fail-on", "warning").code == 1
    names = [word for rule in (index, *others) for word in ("--accept", rule)]
    assert lint(*names, "--fail-on", "warning").code == 0
    unknown = lint("--accept", "renaming")
    assert unknown.code == 2
    assert "Did you mean renaming-" in unknown.stderr


def test_nothing_pending(run: Run, db_url: str) -> None:
    outcome = run("lint", "--url", db_url)
    assert (outcome.code, outcome.stdout) == (0, f"Nothing to examine: the database is at {HEAD}.\n")
    assert run("lint", "--url", db_url, "--format", "github").stdout == ""
    assert run("lint", "--url", db_url, "--format", "json").json == {"current": HEAD, "examined": [], "rows": []}


def test_a_rule_is_explained_without_any_database(run: Run) -> None:
    ours = run("lint", "--explain", "volatile-default")
    assert ours.code == 0
    assert "gen_random_uuid()" in ours.stdout
    assert "only worth knowing" in ours.stdout
    squawk = run("lint", "--explain", "renaming-column")
    assert "https://squawkhq.com/docs/renaming-column" in squawk.stdout
    assert run("lint", "--explain", "volatile").code == 2


def test_a_revision_that_fails_is_no_finding_but_a_failure(lint: Callable[..., Outcome]) -> None:
    Path("revisions/1.py").write_text(REVISION.replace("first_name", "fist_name"))
    outcome = lint()
    assert (outcome.code, outcome.stdout) == (5, "")
    assert 'Replaying revision p1 failed: column "fist_name" does not exist' in outcome.stderr
    assert "No revision is applied" not in outcome.stderr
