"""litxdb local …: the server on this machine, as a person handles it."""

import contextlib
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import psycopg2
import pytest

from litxdb.database import Database
from litxdb.errors import Exit
from litxdb.settings import Settings
from tests.bed.program import Outcome
from tests.bed.servers import free_port

Run = Callable[..., Outcome]


def test_a_life(run: Run) -> None:
    assert run("local", "status", "--format", "json").json["state"] == "not created"
    started = run("local", "start")
    assert started.code == Exit.DONE
    url = started.stdout.strip()
    assert url.startswith("postgresql://postgres@/litxplore?host=")
    assert run("local", "url").stdout.strip() == url
    status = run("local", "status", "--format", "json").json
    assert (status["state"], status["version"][:3]) == ("running", "18.")
    assert status["size_bytes"] > 1_000_000
    assert run("local", "stop").code == Exit.DONE
    assert run("local", "status", "--format", "json").json["state"] == "stopped"
    assert "does not run" in run("local", "stop").stderr
    revived = run("local", "url")
    assert revived.stdout.strip() == url
    assert "Starting the local PostgreSQL" in revived.stderr
    psycopg2.connect(url).close()


def test_a_lesser_role_by_its_url_is_no_superuser(run: Run) -> None:
    url = run("local", "start").stdout.strip()
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("create role modest login")
    theirs = url.replace("postgres@", "modest@")
    assert run("ping", "--url", theirs, "--format", "json").code == Exit.DONE
    run("local", "stop")
    with Database(f"{theirs}&options=-cwork_mem%3D5MB") as db, contextlib.closing(db.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute("select current_user, current_setting('work_mem')")
        assert cursor.fetchone() == ("modest", "5MB")
    with Database(url.replace("postgres@", "")) as db, contextlib.closing(db.connect()) as connection:
        assert connection.info.user == "postgres"


def test_url_prints_the_url_only(run: Run) -> None:
    run("local", "start")
    outcome = run("local", "url")
    assert len(outcome.stdout.splitlines()) == 1
    assert outcome.stderr == ""


def test_tcp_wants_a_password_that_is_never_printed(run: Run) -> None:
    port = free_port()
    started = run("local", "start", "--port", str(port))
    url = run("local", "url", "--tcp").stdout.strip()
    assert started.stdout.strip() == url
    assert f"@127.0.0.1:{port}/litxplore?passfile=" in url
    password = next(Settings.load().home.rglob("pgpass")).read_text().strip().rpartition(":")[2]
    assert password not in started.stdout + started.stderr
    psycopg2.connect(url).close()
    with pytest.raises(psycopg2.OperationalError, match="no password supplied"):
        psycopg2.connect(url.partition("?")[0])
    assert run("ping", "--url", url).code == Exit.DONE


def test_a_port_that_is_taken_is_named_and_spoils_nothing(run: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = run("local", "start", "--port", str(port))
    assert refused.code == Exit.CONNECTION
    assert f"hint: Port {port} is taken: litxdb local start --port takes another, --port 0 none.\n" in refused.stderr
    assert run("local", "start").code == Exit.DONE


def test_a_home_that_cannot_be_looked_into_is_not_called_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = run("local", "status", env={"LITXDB_HOME": str(tmp_path / "file")})
    assert (outcome.code, outcome.stdout) == (Exit.CONFIGURATION, "")
    assert "Not a directory" in outcome.stderr


@pytest.mark.ordinary_user
def test_a_home_that_cannot_be_entered_is_not_called_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    outcome = run("local", "status", env={"LITXDB_HOME": str(tmp_path / "closed")})
    assert (outcome.code, outcome.stdout) == (Exit.CONFIGURATION, "")
    assert "Permission denied" in outcome.stderr
    assert "LITXDB_HOME" in outcome.stderr


def test_the_port_is_kept_until_it_is_given_up(run: Run) -> None:
    port = free_port()
    url = run("local", "start", "--port", str(port)).stdout.strip()
    run("local", "stop")
    run("local", "url")
    assert run("local", "url", "--tcp").stdout.strip() == url
    psycopg2.connect(url).close()
    run("local", "stop")
    assert run("local", "start", "--port", "0").stdout.strip().endswith("port=5432")
    refused = run("local", "url", "--tcp")
    assert refused.code == Exit.CONFIGURATION
    assert "litxdb local start --port" in refused.stderr


def test_psql_gets_what_follows(run: Run, start: Callable[..., Popen[str]]) -> None:
    run("local", "start")
    process = start("local", "psql", "--", "-Atc", "select current_database()")
    answer, said = process.communicate(timeout=20)
    assert answer == "litxplore\n", said


def test_reset_asks_and_silence_is_no(run: Run) -> None:
    run("up")
    refused = run("local", "reset")
    assert refused.code == Exit.REFUSED
    assert "This deletes" in refused.stderr
    assert "--yes" in refused.stderr
    assert run("status", "--check").code == Exit.DONE
    assert run("local", "reset", "--yes").code == Exit.DONE
    assert run("status", "--format", "json").json["current"] is None


def test_reset_deletes_nothing_that_is_not_ours(run: Run) -> None:
    theirs = Settings.load().home / "local" / "data"
    theirs.mkdir(parents=True)
    (theirs / "thesis.txt").write_text("years of work")
    outcome = run("local", "reset", "--yes")
    assert outcome.code == Exit.REFUSED
    assert (theirs / "thesis.txt").read_text() == "years of work"


def on_a_terminal(answer: str, *words: str, env: dict[str, str]) -> tuple[int, str]:
    """Run litxdb with a terminal as its input, and type the answer."""
    import os
    import pty
    import sys

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "litxdb", *words],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **env},
    )
    os.write(ours, answer.encode() + b"\n")
    said, _ = process.communicate(timeout=30)
    os.close(ours)
    os.close(theirs)
    return process.returncode, said


@pytest.mark.parametrize(
    ("answer", "code"), [("\x04", Exit.REFUSED), ("y", Exit.DONE), ("n", Exit.REFUSED), ("", Exit.REFUSED)]
)
def test_a_person_is_asked(answer: str, code: Exit, db_url: str) -> None:
    assert on_a_terminal(answer, "rollback", "--url", db_url, env={})[0] == code


def test_in_production_the_name_of_the_database_must_be_typed(db_url: str, run: Run) -> None:
    production = {"LITXDB_ENV": "production"}
    name = db_url.partition("?")[0].rpartition("/")[2]
    code, said = on_a_terminal("y", "rollback", "--url", db_url, env=production)
    assert code == Exit.REFUSED
    assert f"Type {name} to continue" in said
    assert run("status", "--check", "--url", db_url).code == Exit.DONE
    assert on_a_terminal(name, "rollback", "--url", db_url, env=production)[0] == Exit.DONE
    assert run("status", "--check", "--url", db_url).code == Exit.FINDINGS


def test_in_production_reset_wants_the_name_too(run: Run) -> None:
    run("local", "start")
    production = {"LITXDB_ENV": "production"}
    code, said = on_a_terminal("yes", "local", "reset", env=production)
    assert code == Exit.REFUSED
    assert "Type litxplore to continue" in said


def test_production_never_works_on_the_local_server(run: Run) -> None:
    run("local", "start")
    outcome = run("migrate", env={"LITXDB_ENV": "production"})
    assert outcome.code == Exit.CONFIGURATION
    assert "no database is configured" in outcome.stderr


def test_a_dry_run_creates_no_server(run: Run) -> None:
    for command in ("migrate", "seed"):
        assert run(command, "--dry-run").code == Exit.CONFIGURATION
    assert not Settings.load().home.exists()


def test_its_url_starts_it_when_it_is_stopped(run: Run) -> None:
    run("up")
    url = run("local", "url").stdout.strip()
    run("local", "stop")
    outcome = run("ping", "--format", "json", env={"DATABASE_URL": url})
    assert outcome.code == Exit.DONE
    assert outcome.json["kind"] == "embedded"


def test_psql_stays_on_the_server(run: Run, start: Callable[..., Popen[str]]) -> None:
    run("local", "start")
    answer, said = start("local", "psql", "--", "-d", "postgres", "-Atc", "show port").communicate(timeout=20)
    assert answer == "5432\n", said
    answer, said = start("local", "psql", "--", "-d", "template1", "-Atc", "select current_database()").communicate()
    assert answer == "template1\n", said


def test_a_directory_that_cannot_be_entered_is_named(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    outcome = run("local", "start", env={"LITXDB_HOME": str(file)})
    assert outcome.code == Exit.CONFIGURATION
    assert str(file) in outcome.stderr
