"""The command line as a whole: help, exit codes, pipes, and what never shows."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from litxdb import cli, render
from litxdb.commands._on_demand import OnDemand
from litxdb.errors import Exit, LitxdbError
from tests.bed.program import Outcome

Run = Callable[..., Outcome]
PATIENCE_SECONDS = 60
README = (Path(__file__).parent.parent / "README.md").read_text()


def leaves(command: Any, *path: str) -> dict[tuple[str, ...], Any]:
    """Return every command of the app, loaded, by the words that call it."""
    loaded = command.load() if isinstance(command, OnDemand) else command
    if not isinstance(loaded, TyperGroup):
        return {path: loaded}
    return {
        words: leaf for name, inner in loaded.commands.items() for words, leaf in leaves(inner, *path, name).items()
    }


COMMANDS = leaves(typer.main.get_command(cli.app))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...], run: Run) -> None:
    outcome = run(*words, "--help")
    assert outcome.code == Exit.DONE
    example = " ".join(outcome.stdout.split()).partition("Example: ")[2]
    assert f"litxdb {' '.join(words)}" in example


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_in_readme(words: tuple[str, ...]) -> None:
    assert re.search(rf"`{words[0]}\b.*{'|'.join(words[1:])}", README)


def test_every_file_in_commands_is_a_command() -> None:
    folder = Path(str(files("litxdb.commands")))
    there = {path.stem for path in folder.iterdir() if not path.stem.startswith("_")}
    assert there == {name.replace("-", "_") for names in cli.PANELS.values() for name in names}


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    for name, command in typer.main.get_command(cli.app).commands.items():
        assert command.help == command.load().help, name


def test_a_command_imports_no_other() -> None:
    script = "import sys; from litxdb.cli import main; main(['status', '--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    commands = {name for name in done.stderr.split() if re.match(r"litxdb\.commands\.[a-z]", name)}
    assert commands == {"litxdb.commands.status"}


def test_the_shell_completes_commands_and_their_options(tmp_path: Path) -> None:
    for words, expected in (
        ("sta", "status"),
        ("status --ch", "--check"),
        ("index cr", "create"),
        ("--ver", "--version"),
    ):
        line = f"litxdb {words}"
        variables = {"_LITXDB_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        command = [sys.executable, "-m", "litxdb"]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | variables, cwd=tmp_path)
        assert expected in done.stdout.split(), done.stderr


def test_help_imports_nothing_heavy() -> None:
    script = "import sys; from litxdb.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "alembic", "psycopg2", "tenacity", "platformdirs", "psutil", "dotenv", "pydantic"}
    assert heavy.isdisjoint(done.stderr.split())


@pytest.mark.parametrize(
    "words",
    [("ping",), ("status",), ("history",), ("locks",), ("activity",), ("table-sizes",), ("report", "bloat")],
    ids=" ".join,
)
def test_commands_under_pressure_import_neither_sqlalchemy_nor_alembic(words: tuple[str, ...], db_url: str) -> None:
    script = "import sys; from litxdb.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", script, *words, "--url", db_url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {"sqlalchemy", "alembic"}.isdisjoint(done.stderr.split())
    assert "psycopg2" in done.stderr.split()


def test_the_table_of_exit_codes_is_in_readme() -> None:
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)} == {int(code) for code in Exit}


def test_0_done(run: Run, db_url: str) -> None:
    assert run("status", "--check", "--url", db_url).code == 0


def test_1_the_answer_is_no(run: Run, empty_url: str) -> None:
    assert run("status", "--check", "--url", empty_url).code == 1


def test_2_usage(run: Run) -> None:
    outcome = run("statsu")
    assert outcome.code == 2
    assert "Did you mean" in outcome.stderr
    assert "status" in outcome.stderr


def test_3_configuration(run: Run) -> None:
    outcome = run("status", "--url", "sqlite:///litx.db")
    assert outcome.code == 3
    assert outcome.stderr.startswith("error: --url is a sqlite URL")


def test_4_no_connection(run: Run) -> None:
    outcome = run("status", "--url", "postgresql://127.0.0.1:1/x", env={"LITXDB_RETRY_SECONDS": "0"})
    assert outcome.code == 4
    assert "Connection refused" in outcome.stderr


def test_5_the_server_refused(run: Run, empty_url: str, empty_db: object) -> None:
    outcome = run("migrate", "--url", f"{empty_url}&options=-cdefault_transaction_read_only%3Don")
    assert outcome.code == 5
    assert "read-only" in outcome.stderr


def test_6_litxdb_refused(run: Run, empty_url: str) -> None:
    outcome = run("seed", "--url", empty_url)
    assert outcome.code == 6
    assert "litxdb migrate" in outcome.stderr


def test_7_a_tool_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert run("local", "start").code == 7


def test_70_a_bug_says_where_its_traceback_is(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("password=hunter22")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("litxdb.database.Database.__init__", fail)
    outcome = run("status")
    assert outcome.code == 70
    assert "bug in litxdb: ZeroDivisionError" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    (kept,) = tmp_path.glob("litxdb-traceback-*.txt")
    assert "ZeroDivisionError" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    assert "hunter22" not in outcome.stderr + kept.read_text()
    assert "Traceback" in run("--debug", "status").stderr


def test_a_revision_that_is_mistyped_is_2_and_a_database_at_an_unknown_one_is_6(run: Run, db_url: str) -> None:
    from litxdb.database import Database
    from tests.bed.statements import query

    for words in (("migrate", "0013"), ("rollback", "--to", "0013"), ("stamp", "0013"), ("lint", "0013"),
                  ("migrate", ""), ("migrate", "--to", "")):  # fmt: skip
        outcome = run(*words, "--url", db_url)
        assert (outcome.code, outcome.stdout) == (Exit.USAGE, ""), words
        assert "There is no revision" in outcome.stderr
    with Database(db_url) as db:
        query(db, "update alembic_version set version_num = '0013'")
    for words in (("migrate",), ("rollback",), ("history",), ("lint",)):
        assert run(*words, "--url", db_url).code == Exit.REFUSED, words


def test_75_another_run_holds_the_lock(run: Run, empty_url: str, empty_db: object) -> None:
    from litxdb.database import Database
    from litxdb.migrate import Project
    from litxdb.migrate.lock import migration_lock

    with Database(empty_url) as db, migration_lock(db, Project.litxplore(), 0) as lock:
        outcome = run("migrate", "--lock-wait", "0.1", "--url", empty_url)
        pid = lock.connection.info.backend_pid
    assert outcome.code == 75
    assert f"pid {pid}, " in outcome.stderr
    assert f"select pg_terminate_backend({pid})." in outcome.stderr


def test_an_unknown_error_of_litxdb_is_a_bug() -> None:
    assert LitxdbError("x").code is Exit.BUG


@pytest.mark.parametrize("words", [("ping",), ("status",), ("history",), ("migrate",), ("seed",)], ids=" ".join)
def test_json_is_one_object_with_rows(words: tuple[str, ...], run: Run, db_url: str) -> None:
    outcome = run(*words, "--url", db_url, "--format", "json")
    assert isinstance(outcome.json["rows"], list)
    assert json.dumps(outcome.json)


def test_a_pipe_is_never_cut_nor_coloured(run: Run, db_url: str) -> None:
    name = "a" * 60 + "_session"
    outcome = run("ping", "--url", db_url.replace("postgres@", "postgres@") + f"&application_name={name}")
    assert outcome.code == 0
    history = run("history", "--url", db_url, env={"COLUMNS": "40"}).stdout
    assert "…" not in history
    assert "\x1b" not in history
    assert "Agent system tables: settings, fetchers, search queries, models and preference weights" in history


def in_a_shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run a pipeline in which `litxdb` is ours; the exit code is that of its first program."""
    ours = f'litxdb() {{ "{sys.executable}" -m litxdb "$@"; }}; '
    script = f'{ours}{command}; exit "${{PIPESTATUS[0]}}"'
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True)


@pytest.mark.parametrize("reader", ["head -1", "true"])
@pytest.mark.parametrize("words", ["history", "status --check", "ping", "status --format json"])
def test_a_reader_that_goes_away_changes_nothing(words: str, reader: str, db_url: str) -> None:
    done = in_a_shell(f"litxdb {words} --url '{db_url}' | {reader}")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_exit_code_is_true_without_a_reader(empty_url: str) -> None:
    assert in_a_shell(f"litxdb status --check --url '{empty_url}' | true").returncode == Exit.FINDINGS


@pytest.mark.parametrize("sink", ["2>&1 | head -1", "2>/dev/full", "2>&-", "2>&1 | true"])
def test_progress_that_nobody_takes_stops_no_migration(sink: str, empty_url: str, run: Run) -> None:
    assert in_a_shell(f"litxdb migrate --url '{empty_url}' {sink}").returncode == 0
    assert run("status", "--check", "--url", empty_url).code == 0


def test_an_answer_that_cannot_be_written_is_an_error(db_url: str) -> None:
    for words in ("ping", "table-sizes"):
        for buffering in ("", "PYTHONUNBUFFERED=1"):
            full = in_a_shell(f"{buffering} litxdb {words} --url '{db_url}' >/dev/full")
            assert full.returncode == Exit.CONFIGURATION, (words, buffering)
            assert "could not be written" in full.stderr
    assert in_a_shell(f"litxdb ping --url '{db_url}' >&-").returncode == 0


def test_debug_shows_sql_and_no_password(run: Run, db_url: str) -> None:
    outcome = run("--debug", "status", "--url", f"{db_url}&password=hunter22")
    assert "select version_num" in outcome.stderr
    assert "hunter22" not in outcome.stderr


def test_values_cannot_colour_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    render.rows([{"name": "\x1b[31mred\x1b[0m [bold]x[/bold]"}], render.Form.table, columns={"name": "name"})
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[bold]x[/bold]" in shown


def test_csv_is_raw(capsys: pytest.CaptureFixture[str]) -> None:
    columns = {"size": ("size", render.size)}
    render.rows([{"size": 123456789, "name": 'a,"b"'}], render.Form.csv, columns=columns)
    assert capsys.readouterr().out == 'size,name\n123456789,"a,""b"""\n'


@pytest.mark.parametrize("form", [render.Form.json, render.Form.csv])
def test_rows_are_written_as_they_come(form: render.Form, capsys: pytest.CaptureFixture[str]) -> None:
    written: list[str] = []

    def found() -> Iterator[dict[str, str]]:
        for name in ("one", "two", "three"):
            yield {"name": name}
            written.append(capsys.readouterr().out)

    render.rows(found(), form, columns={"name": "name"})
    assert [name in text for name, text in zip(("one", "two", "three"), written, strict=True)] == [True] * 3


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_that_is_written_by_rows_is_that_of_the_whole(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"text": 'a"\n\u2028\x85\u00fc,', "none": None, "list": [1, {"x": []}], "empty": {}}
    for beside in (None, {"at": datetime(2026, 1, 1, tzinfo=UTC), "rows": (), "list": [{"rows": []}]}):
        render.rows([row] * count, render.Form.json, columns={"text": "text"}, within=beside)
        by_rows = capsys.readouterr().out
        render.json({**(beside or {}), "rows": [row] * count})
        assert by_rows == capsys.readouterr().out
        assert json.loads(by_rows)["rows"] == [row] * count


@pytest.mark.parametrize("form", ["json", "csv"])
def test_rows_end_when_nobody_reads_any_more(form: str) -> None:
    code = f"""if True:
        import itertools
        from litxdb import render
        render.rows(({{"n": n}} for n in itertools.count()), render.Form.{form}, columns={{"n": "n"}})
    """
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(PATIENCE_SECONDS) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_the_library_reads_the_environment_in_settings_only() -> None:
    for path in Path(str(files("litxdb"))).rglob("*.py"):
        tree = ast.parse(path.read_text())
        reads = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & {"environ", "getenv"}
        assert not reads or path.name == "settings.py", path


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").stdout == f"litxdb {cli.__version__}\n"


def test_completion_knows_the_commands() -> None:
    env = {**os.environ, "_LITXDB_COMPLETE": "complete_bash", "COMP_WORDS": "litxdb loca", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-m", "litxdb"], env=env, capture_output=True, text=True)
    assert done.stdout.split() == ["local"]
