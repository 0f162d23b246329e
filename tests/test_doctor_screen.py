"""What doctor says: to a person on a screen, to a pipe, to programs, and by its exit code."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litxdb.commands.doctor import COLUMNS
from litxdb.database import Database
from litxdb.doctor import Defect, Finding, Fix, Judgement, Reason, Skip, Status, checklist
from litxdb.errors import Exit
from tests.bed.checks import add_check
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import as_role
from tests.bed.terminal import on_terminal

Run = Callable[..., Outcome]

NASTY = 'evil\n[✓] "all" is well\x1b[31m|% ü'


def finds(*defects: Defect, examined: int = 7) -> Callable[..., Judgement]:
    def judge(*, server: Any) -> Judgement:
        return Judgement(examined, defects)

    return judge


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crit, a warn with many objects, an info and a skip."""
    many = [Defect(Status.WARN, f"object {n}", f"{n} bytes", f"analyze t{n}") for n in range(1, 8)]
    crit = Defect(Status.CRIT, NASTY, "very bad indeed", "vacuum;\nanalyze", undo="select 2", value=4.5)
    add_check(monkeypatch, "many", finds(*many), fix=Fix.SAFE, lock="SHARE UPDATE EXCLUSIVE")
    add_check(monkeypatch, "worst", finds(crit))
    add_check(monkeypatch, "mild", finds(Defect(Status.INFO, "thing", "odd")))

    def judge(*, server: Any) -> Judgement:
        raise Skip(Reason.NO_EXTENSION, "Extension x is not created.", "create extension x")

    add_check(monkeypatch, "blind", judge)


ONLY = ("--only", "many", "--only", "worst", "--only", "mild", "--only", "blind", "--only", "server_unreachable")


def ask(run: Run, db_url: str, *more: str) -> Outcome:
    return run("doctor", "--url", db_url, *ONLY, *more)


@pytest.mark.usefixtures("findings")
class TestScreen:
    def test_it_reads_from_the_verdict_to_the_details(self, run: Run, db_url: str) -> None:
        outcome = ask(run, db_url)
        assert outcome.code == Exit.FINDINGS
        lines = outcome.stdout.splitlines()
        assert lines[0].startswith("[✗] 1 critical, 7 warnings: postgresql://")
        assert lines[2] == "[✗] Activity and locks: 1 critical, 1 warning, 1 info, 1 skipped"
        shown = [line.strip() for line in lines]
        assert shown.index("[✗] Worst  worst") < shown.index("[!] Many  many")
        assert lines[-1].startswith("1 critical, 7 warnings, 1 info, 1 ok, 1 skipped in ")
        assert lines[-1].endswith("Start with: vacuum;")

    def test_a_finding_is_complete(self, run: Run, db_url: str) -> None:
        shown = ask(run, db_url).stdout
        for part in ("It matters.", "1 warn (this test)", "very bad indeed", "read it first", "no lock"):
            assert part in shown
        assert "\n          vacuum;\n          analyze;\n" in shown
        assert "safe: litxdb doctor --fix --yes does it; lock: SHARE UPDATE EXCLUSIVE" in shown

    def test_objects_cannot_draw(self, run: Run, db_url: str) -> None:
        shown = ask(run, db_url).stdout
        assert "\x1b" not in shown
        assert not any(line.startswith('[✓] "all"') for line in shown.splitlines())

    def test_many_objects_are_cut_short_unless_asked_for(self, run: Run, db_url: str) -> None:
        shown = ask(run, db_url).stdout
        assert "analyze t5" in shown
        assert "analyze t6" not in shown
        assert "2 more: litxdb doctor -v --only many" in shown
        assert "analyze t7" in ask(run, db_url, "-v").stdout

    def test_skips_are_counted_by_reason_with_what_would_help(self, run: Run, db_url: str) -> None:
        shown = ask(run, db_url).stdout
        assert "1 of 5 checks was skipped; -v shows it:" in shown
        assert "no extension 1: create extension x" in shown
        assert "blind: no extension: Extension x is not created." in ask(run, db_url, "-v").stdout

    def test_the_mild_is_mentioned_and_no_more(self, run: Run, db_url: str) -> None:
        assert "[i] Mild (mild): 1 object" in ask(run, db_url).stdout
        assert "odd" not in ask(run, db_url).stdout
        assert "thing: odd" in ask(run, db_url, "-v").stdout

    def test_a_pipe_has_no_width_and_no_colour(self, run: Run, db_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        long = Defect(Status.WARN, "x" * 300, "y " * 300, "select 1 -- " + "z " * 300)
        add_check(monkeypatch, "long", finds(long))
        shown = run("doctor", "--url", db_url, "--only", "long").stdout
        assert "x" * 300 in shown
        assert ("y " * 300).strip() in shown
        assert "\x1b" not in shown

    def test_eighty_columns(self, db_url: str) -> None:
        shown = on_terminal("doctor", "--url", db_url, "--only", "connection", "-v", columns=80)
        assert "\x1b[32m[✓]" in shown.raw
        assert "Connection, TLS and provider" in shown.plain
        remedies = 10 * " "
        wide = [line for line in shown.plain.splitlines() if len(line) > 80 and not line.startswith(remedies)]
        assert all("postgresql://" in line for line in wide)


class TestHealthy:
    def test_it_is_quiet(self, run: Run, db_url: str) -> None:
        outcome = run("doctor", "--url", db_url, "--only", "server_unreachable")
        assert outcome.code == Exit.DONE
        assert len(outcome.stdout.splitlines()) == 4
        assert outcome.stdout.startswith("[✓] Nothing wrong: ")
        assert "Start with" not in outcome.stdout
        assert outcome.stderr == ""

    def test_nothing_examined_is_not_well(self, run: Run, db: Database, server: Server) -> None:
        with as_role(server, db, "nobody_special") as plain:
            url = str(plain.endpoint)
        outcome = run("doctor", "--url", url, "--only", "idle_in_transaction")
        assert outcome.stdout.startswith("[–] Nothing was examined: ")  # noqa: RUF001
        assert "no privilege 1: grant pg_monitor to nobody_special" in outcome.stdout
        nagios = run("doctor", "--url", url, "--only", "idle_in_transaction", "--format", "nagios")
        assert nagios.code == 3
        assert nagios.stdout.startswith("LITXDB UNKNOWN - ")


@pytest.mark.usefixtures("findings")
class TestPrograms:
    def test_json(self, run: Run, db_url: str) -> None:
        outcome = ask(run, db_url, "--format", "json")
        assert outcome.code == Exit.FINDINGS
        answer = outcome.json
        assert answer["schema_version"] == 1
        assert answer["verdict"] == "crit"
        assert [row["level"] for row in answer["rows"]] == ["crit", *["warn"] * 7, "info"]
        worst = answer["rows"][0]
        assert (worst["key"], worst["value"], worst["undo"]) == (f"worst:{NASTY}", 4.5, "select 2")
        assert {result["check"]: result["findings"] for result in answer["results"]}["many"] == 7
        assert sum(answer["counts"].values()) == len(answer["results"]) == 5

    def test_the_json_is_what_the_documentation_says(self, run: Run, db_url: str) -> None:
        described = (Path(__file__).parent.parent / "docs" / "doctor.md").read_text()
        answer = ask(run, db_url, "--format", "json").json
        for part in (answer, answer["rows"][0], answer["results"][0]):
            for name in part:
                assert f"| `{name}` |" in described

    def test_csv(self, run: Run, db_url: str) -> None:
        rows = list(csv.DictReader(io.StringIO(ask(run, db_url, "--format", "csv").stdout)))
        assert len(rows) == 9
        assert rows[0]["object"] == NASTY
        assert list(rows[0]) == list(COLUMNS) == list(Finding.__dataclass_fields__)
        header = run("doctor", "--url", db_url, "--only", "server_unreachable", "--format", "csv").stdout
        assert header.strip().split(",") == list(COLUMNS)

    def test_nagios(self, run: Run, db_url: str) -> None:
        outcome = ask(run, db_url, "--format", "nagios")
        assert outcome.code == 2
        assert outcome.stdout.count("\n") == 1
        text, bar, data = outcome.stdout.strip().partition(" | ")
        assert text.startswith("LITXDB CRITICAL - 1 critical, 7 warning, 1 skipped; worst evil")
        assert bar
        assert "|" not in text
        assert "crit=1;;;0 warn=7;;;0 info=1;;;0 ok=1;;;0 skip=1;;;0 error=0;;;0 time=" in data
        assert run("doctor", "--url", db_url, "--only", "many", "--format", "nagios").code == 1
        assert run("doctor", "--url", db_url, "--only", "mild", "--format", "nagios").code == 0

    def test_nagios_when_nothing_can_be_examined(self, run: Run) -> None:
        for words, code, name in (
            (("--url", "mysql://ada@db/x"), 3, "UNKNOWN"),
            (("--url", "postgresql://ada@127.0.0.1:1/x"), 2, "CRITICAL"),
        ):
            outcome = run("doctor", *words, "--format", "nagios")
            assert outcome.code == code
            assert outcome.stdout.startswith(f"LITXDB {name} - ")

    @pytest.mark.parametrize(
        ("check", "level", "code"),
        [
            ("many", "crit", Exit.DONE),
            ("many", "warn", Exit.FINDINGS),
            ("worst", "crit", Exit.FINDINGS),
            ("mild", "warn", Exit.DONE),
            ("blind", "warn", Exit.DONE),
        ],
    )
    def test_the_level_that_fails(self, check: str, level: str, code: Exit, run: Run, db_url: str) -> None:
        assert run("doctor", "--url", db_url, "--only", check, "--fail-on", level).code == code


class TestChecklist:
    def test_it_is_listed(self, run: Run) -> None:
        outcome = run("doctor", "--list", "--format", "json")
        assert outcome.code == Exit.DONE
        assert {row["check"] for row in outcome.json["rows"]} == {check.id for check in checklist()}
        assert "idle_in_transaction" in run("doctor", "--list").stdout

    @pytest.mark.parametrize("check", checklist(), ids=lambda check: check.id)
    def test_every_page_is_whole(self, check: Any, run: Run) -> None:
        outcome = run("doctor", "--explain", check.id.replace("_", "-"))
        assert outcome.code == Exit.DONE
        assert check.title in outcome.stdout
        assert check.page in outcome.stdout
        assert check.declaration.threshold in outcome.stdout
        assert check.why.endswith((".", ":")), check.why
        assert not check.title.endswith(".")

    def test_a_name_that_is_not_there(self, run: Run) -> None:
        for words in (("--explain", "idle-in-transactions"), ("--only", "idle-in-transactions")):
            outcome = run("doctor", "--url", "postgresql://localhost/x", *words)
            assert outcome.code == Exit.USAGE
            assert "Did you mean idle_in_transaction" in outcome.stderr

    def test_areas_are_names_too(self, run: Run, db_url: str) -> None:
        answer = run(
            "doctor", "--url", db_url, "--only", "connection", "--skip", "server-unreachable", "--format", "json"
        )
        checks = {result["check"] for result in answer.json["results"]}
        assert "server_unreachable" not in checks
        assert {result["area"] for result in answer.json["results"]} == {"connection"}
