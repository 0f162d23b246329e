"""litxdb up: from nothing to a database that works, as often as one likes."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import psycopg2
import pytest

from litxdb.database import Database
from litxdb.errors import Exit
from litxdb.settings import Settings
from tests.bed.program import Outcome
from tests.bed.statements import query

Run = Callable[..., Outcome]
Start = Callable[..., Popen[str]]


def test_from_nothing_and_again(run: Run) -> None:
    first = run("up")
    assert first.code == Exit.DONE, first.stderr
    assert "Creating the local PostgreSQL" in first.stderr
    assert "12 revisions applied" in first.stderr
    assert "8 rows inserted" in first.stderr
    assert "0 findings" in first.stderr
    assert "LitXplore's database is up." in first.stdout
    assert first.stdout.count("litxdb local") == 2
    start = time.monotonic()
    again = run("up")
    assert again.code == Exit.DONE
    assert time.monotonic() - start < 2
    assert "at head" in again.stderr
    assert "everything is there" in again.stderr
    url = run("local", "url")
    assert url.stderr == ""
    assert run("status", "--check", "--url", url.stdout.strip()).code == Exit.DONE


def test_two_at_once(start: Start) -> None:
    processes = [start("up") for _ in range(2)]
    for process in processes:
        answer, said = process.communicate(timeout=60)
        assert process.returncode == Exit.DONE, said
        assert "LitXplore's database is up." in answer


@pytest.mark.parametrize("delay", [0.0, 0.2, 0.5, 0.8])
def test_interrupted_it_can_simply_be_run_again(delay: float, start: Start, run: Run) -> None:
    process = start("up")
    assert process.stderr
    assert process.stderr.readline().startswith("Creating the local PostgreSQL")  # signals are its own by then
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert process.returncode in {Exit.INTERRUPTED, Exit.DONE}
    assert "Traceback" not in said
    again = run("up")
    assert again.code == Exit.DONE, again.stderr


def test_a_database_by_url_needs_no_local_server(run: Run, empty_url: str) -> None:
    outcome = run("up", "--url", empty_url, "--format", "json")
    assert outcome.code == Exit.DONE, outcome.stderr
    assert outcome.json["revision"] == "0012_sources_full_text"
    assert outcome.json["rows"] == []
    assert not Settings.load().home.exists()


def test_production_is_refused(run: Run, empty_url: str) -> None:
    outcome = run("up", "--url", empty_url, env={"LITXDB_ENV": "production"})
    assert outcome.code == Exit.REFUSED
    assert "litxdb migrate" in outcome.stderr


def test_what_is_found_is_shown_with_its_remedy(run: Run, db_url: str, db: Database) -> None:
    """Not what `up` repairs by itself: this index cannot be unique."""
    query(db, "insert into literature_reviews (title, topic, content) select 'same', '', '' from generate_series(1, 2)")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        query(db, "create unique index concurrently one_title on literature_reviews (title)")
    outcome = run("up", "--url", db_url)
    assert outcome.code == Exit.FINDINGS
    assert "reindex index concurrently public.one_title" in outcome.stdout


@pytest.mark.parametrize(
    "words", [("status",), ("ping",), ("history",), ("rollback",), ("local", "url"), ("local", "psql")]
)
def test_no_other_command_creates_a_server(words: tuple[str, ...], run: Run) -> None:
    outcome = run(*words)
    assert outcome.code == Exit.CONFIGURATION
    assert "litxdb up" in outcome.stderr
    assert not Settings.load().home.exists()


def test_a_home_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    outcome = run("up", env={"LITXDB_HOME": str(file / "home")})
    assert outcome.code == Exit.CONFIGURATION
    assert str(file) in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_project_with_revisions_of_its_own(run: Run, empty_url: str, tmp_path: Path) -> None:
    own = ("--url", empty_url, "--directory", str(tmp_path))
    assert run("up", "--url", empty_url).code == Exit.DONE
    written = run("revision", "-m", "reading lists", "--empty", *own)
    assert written.code == Exit.DONE, written.stderr
    file = Path(written.stdout.strip())
    file.write_text(file.read_text().replace("pass", "op.execute('create table reading_lists (id int)')", 1))
    assert run("migrate", *own).code == Exit.DONE
    for command in ("up", "seed"):
        outcome = run(command, *own)
        assert outcome.code == Exit.DONE, outcome.stderr
    without = run("up", "--url", empty_url)
    assert without.code == Exit.REFUSED
    assert "--directory" in without.stderr


def test_a_new_revision_leaves_a_projects_tables_alone(run: Run, db_url: str, tmp_path: Path) -> None:
    import contextlib

    import psycopg2

    with contextlib.closing(psycopg2.connect(db_url)) as connection, connection:
        connection.cursor().execute("create table reading_lists (id int)")
    outcome = run("revision", "-m", "next", "--url", db_url, "--directory", str(tmp_path))
    assert outcome.stdout == ""
    assert "left alone, as the models do not know them: reading_lists" in outcome.stderr
    assert list(tmp_path.glob("*.py")) == []
