"""Golden screens: what each command shows, in each form; `make golden` rewrites them from what it shows now."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bed.program import Outcome

Run = Callable[..., Outcome]
SCREENS = Path(__file__).parent / "screens"
MASKS = (
    (r"test_[0-9a-f]{12}", "DATABASE"),
    (r"/[^\s\"?&)]*litxdb-bed-[^\s\"?&)]*", "DIRECTORY"),
    (r"20\d\d-\d\d-\d\d[ T][\d:.+]+", "WHEN"),
    (r"postgres \(\S+@[^\s)]+\) *", "WHO "),
    (r"\bby +took", "by took"),
    (r" *\d+(\.\d+)? (ms|s)\b", " TIME"),
    (r"\d+\.\d{3,}(e-\d+)?", "NUMBER"),
    (r"\b18\.\d+\b", "18.x"),
    (r"/[^\s\"?&)]*(?=/litxdb/migrations/)", "PACKAGE"),
    (r"─+", "─"),
    (r" +$", ""),
)


def masked(outcome: Outcome) -> str:
    text = f"exit {outcome.code}\n--- stdout\n{outcome.stdout}--- stderr\n{outcome.stderr}"
    for pattern, mask in MASKS:
        text = re.sub(pattern, mask, text, flags=re.MULTILINE)
    return text


def compare(name: str, outcome: Outcome) -> None:
    file = SCREENS / f"{name}.txt"
    if os.environ.get("LITXDB_TEST_GOLDEN") == "rewrite":
        file.parent.mkdir(exist_ok=True)
        file.write_text(masked(outcome), encoding="utf-8")
    assert masked(outcome) == file.read_text(encoding="utf-8")


FORMS = ("table", "json", "csv")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("command", ["status", "history", "seed", "ping"])
def test_a_database_at_head(command: str, form: str, run: Run, db_url: str) -> None:
    compare(f"{command}-{form}", run(command, "--url", db_url, "--format", form))


@pytest.mark.parametrize("form", FORMS)
def test_a_database_that_is_empty(form: str, run: Run, empty_url: str) -> None:
    compare(f"status-empty-{form}", run("status", "--check", "--url", empty_url, "--format", form))
    compare(f"migrate-dry-run-{form}", run("migrate", "--dry-run", "--url", empty_url, "--format", form))
    compare(f"migrate-{form}", run("migrate", "0006", "--url", empty_url, "--format", form))
    compare(f"rollback-dry-run-{form}", run("rollback", "2", "--dry-run", "--url", empty_url, "--format", form))
    compare(f"rollback-{form}", run("rollback", "2", "--yes", "--url", empty_url, "--format", form))


@pytest.mark.parametrize("form", [*FORMS, "github"])
def test_lint(form: str, run: Run, empty_url: str) -> None:
    revisions = ("aaf2ade1b6fd", "0011")  # the deployed one would block, ours does not
    compare(f"lint-{form}", run("lint", *revisions, "--url", empty_url, "--format", form))


def test_up(run: Run, empty_url: str) -> None:
    compare("up", run("up", "--url", empty_url))
    compare("up-json", run("up", "--url", empty_url, "--format", "json"))


def test_what_is_refused(run: Run, empty_url: str) -> None:
    compare("seed-refused", run("seed", "--url", empty_url))
    compare("rollback-refused", run("rollback", "--url", empty_url))
    compare("no-database", run("status"))
    compare("not-postgresql", run("status", "--url", "mysql://ada@db/x"))
    compare("no-connection", run("ping", "--url", "postgresql://ada:hunter22@127.0.0.1:1/x"))
    compare("lint-explain", run("lint", "--explain", "unbatched-write"))
    compare("local-status-none", run("local", "status"))
    compare("revision-nothing", run("revision", "-m", "x", "--url", empty_url))
