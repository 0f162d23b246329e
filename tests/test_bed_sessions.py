"""The test bed: how it runs litxdb, what it keeps away from tests, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bed import processes
from tests.bed.program import Outcome
from tests.bed.requirement import require

ROOT = Path(__file__).parents[1]
Run = Callable[..., Outcome]
Program = Callable[[Callable[[list[str]], object]], None]


# The environment and the program


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    """Put a function in the place of litxdb's main()."""
    return lambda main: monkeypatch.setitem(sys.modules, "litxdb.cli", types.SimpleNamespace(main=main))


@pytest.mark.parametrize(("ending", "code"), [(0, 0), (None, 0), (4, 4), (SystemExit(3), 3), (SystemExit(), 0)])
def test_run_reports_the_exit_code_however_main_ends(run: Run, program: Program, ending: object, code: int) -> None:
    def main(argv: list[str]) -> object:
        if isinstance(ending, SystemExit):
            raise ending
        return ending

    program(main)
    assert run("ping").code == code


def test_run_gives_arguments_environment_and_input_and_keeps_both_streams(run: Run, program: Program) -> None:
    def main(argv: list[str]) -> None:
        print(json.dumps({"said": [*argv, os.environ["PGHOST"], sys.stdin.read()]}))
        print("warning", file=sys.stderr)
        sys.stdout.buffer.write(b" ")

    program(main)
    outcome: Outcome = run("seed", "--yes", env={"PGHOST": "db"}, input="litx")
    assert outcome.json == {"said": ["seed", "--yes", "db", "litx"]}
    assert outcome.stderr == "warning\n"
    assert "PGHOST" not in os.environ


# Whole sessions of pytest


def session(directory: Path, test: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run one test in a pytest of its own, with the bed's fixtures."""
    file = directory / "test_inner.py"
    file.write_text(test)
    options = ["-q", "-p", "no:cacheprovider", "-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml")]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", *options, file],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("pass", pytest.ExitCode.OK),
        ("pytest.fail('a test')", pytest.ExitCode.TESTS_FAILED),
        ("os.kill(os.getpid(), signal.SIGINT)", pytest.ExitCode.INTERRUPTED),
        ("os.kill(os.getpid(), signal.SIGTERM)", pytest.ExitCode.INTERRUPTED),
    ],
)
def test_nothing_is_left_however_a_session_ends(tmp_path: Path, ending: str, code: int) -> None:
    test = f"""
import os, pathlib, pytest, signal
def test_begins_everything(neon, pg15, bed_directory):
    pathlib.Path({str(tmp_path)!r}, "bed").write_text(str(bed_directory))
    {ending}
"""
    ended = session(tmp_path, test)
    assert ended.returncode == code, ended.stdout
    bed = Path((tmp_path / "bed").read_text())
    assert not bed.exists()
    assert processes.below(bed) == []


def test_process_that_outlives_its_session_is_ended_and_reported(tmp_path: Path) -> None:
    test = f"""
import pathlib, subprocess, sys
def test_forgets(bed_directory):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", bed_directory / "x"])
    process.returncode = 0  # as if it were somebody else's child
    pathlib.Path({str(tmp_path)!r}, "bed").write_text(str(bed_directory))
"""
    ended = session(tmp_path, test)
    assert "the bed left these processes running" in ended.stdout
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert processes.below(Path((tmp_path / "bed").read_text())) == []


def test_session_that_was_killed_is_cleared_away_by_the_next(tmp_path: Path) -> None:
    test = f"""
import os, pathlib, signal
def test_is_killed(server, bed_directory):
    pathlib.Path({str(tmp_path)!r}, "bed").write_text(str(bed_directory))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert session(tmp_path, test).returncode == -signal.SIGKILL
    bed = Path((tmp_path / "bed").read_text())
    assert processes.below(bed)
    session(tmp_path, "def test_nothing(): pass")
    assert processes.below(bed) == []
    assert not bed.exists()


def test_developers_environment_does_not_reach_a_test(tmp_path: Path) -> None:
    test = """
import os, pathlib
def test_is_alone(run):
    assert not {"DATABASE_URL", "PGHOST", "LITXDB_ENV", "FORCE_COLOR"} & set(os.environ)
    assert list(pathlib.Path.cwd().iterdir()) == list(pathlib.Path.home().iterdir()) == []
    assert not pathlib.Path(os.environ["LITXDB_HOME"]).exists()
"""
    developers = {"DATABASE_URL": "postgresql://prod/litx", "PGHOST": "prod", "LITXDB_ENV": "production"}
    ended = session(tmp_path, test, **developers, FORCE_COLOR="1")
    assert ended.returncode == pytest.ExitCode.OK, ended.stdout


def test_local_server_that_a_test_started_ends_with_it(tmp_path: Path) -> None:
    test = """
import os, pathlib, psutil
from litxdb.local import Cluster
from tests.bed import processes
homes = []
def test_starts_one():
    homes.append(pathlib.Path(os.environ["LITXDB_HOME"]))
    Cluster(homes[0]).start()
    assert processes.below(homes[0])
def test_finds_none():
    assert not homes[0].exists()
    assert not processes.below(homes[0])
"""
    ended = session(tmp_path, test)
    assert ended.returncode == pytest.ExitCode.OK, ended.stdout


def test_missing_server_skips_a_test_unless_all_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LITXDB_TEST_REQUIRE_ALL", raising=False)
    require(True, "never")
    with pytest.raises(pytest.skip.Exception, match="not installed"):
        require(False, "PostgreSQL 14 is not installed")
    monkeypatch.setenv("LITXDB_TEST_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="not installed"):
        require(False, "PostgreSQL 14 is not installed")
