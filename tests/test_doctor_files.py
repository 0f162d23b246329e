"""What doctor leaves for others to read: metrics for Prometheus, and a page to pass on."""

from __future__ import annotations

import html
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from litxdb.database import Database
from litxdb.doctor import Defect, Examination, Judgement, Status, examine
from litxdb.doctor.page import page
from litxdb.doctor.prometheus import metrics
from litxdb.doctor.results import Trend
from litxdb.errors import ConfigurationInvalid, Exit
from litxdb.publishing import publish
from tests.bed.checks import add_check
from tests.bed.pages import parsed
from tests.bed.program import Outcome
from tests.bed.urls import with_keywords

Run = Callable[..., Outcome]

NASTY = 'a"b\\c\nd</script><b>ü%|'


@pytest.fixture
def found(db: Database, monkeypatch: pytest.MonkeyPatch) -> Examination:
    """An examination with one nasty finding among those of the connection."""

    def judge(*, server: Any) -> Judgement:
        measured = "idle for 912 s: select * from users where email = 'ada@example.org' and id = 4711"
        return Judgement(1, (Defect(Status.WARN, NASTY, measured, "alter role app set work_mem = '64MB'", value=0.1),))

    add_check(monkeypatch, "nasty", judge)
    return examine(db, only=["nasty", "connection"], deadline_seconds=30)


class TestPrometheus:
    def test_its_format_is_valid_and_says_all(self, found: Examination) -> None:
        families = {family.name: family for family in text_string_to_metric_families(metrics(found))}
        assert all(family.type == "gauge" and family.documentation for family in families.values())
        values = {
            (sample.name, *(value for name, value in sample.labels.items() if name != "database")): sample.value
            for family in families.values()
            for sample in family.samples
        }
        assert values["litxdb_doctor_up",] == 1
        assert values["litxdb_doctor_findings", "warn"] >= 1
        assert values["litxdb_doctor_check_state", "nasty", "activity"] == 2
        assert values["litxdb_doctor_finding_value", "nasty", NASTY, "warn"] == 0.1
        assert values["litxdb_doctor_last_run_timestamp_seconds",] == pytest.approx(found.started.timestamp())
        assert {sample.labels["database"] for family in families.values() for sample in family.samples} == {
            found.endpoint
        }

    def test_no_metric_comes_twice(self, found: Examination) -> None:
        samples = [line.rpartition(" ")[0] for line in metrics(found).splitlines() if not line.startswith("#")]
        assert len(samples) == len(set(samples))

    def test_a_server_that_is_away(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "litxdb.prom"
        outcome = run("doctor", "--url", "postgresql://ada:hunter22@127.0.0.1:1/x", "--prometheus", file)
        assert outcome.code == Exit.CONNECTION
        assert 'litxdb_doctor_up{database="postgresql://ada@127.0.0.1:1/x"} 0' in file.read_text()
        assert "hunter22" not in file.read_text()


class TestPage:
    def test_it_is_whole_and_fetches_nothing(self, found: Examination) -> None:
        text = page(found)
        seen = parsed(text)
        assert seen.outside == []
        assert not seen.tags & {"script", "link", "img", "iframe", "b"}
        assert "url(" not in text
        assert "prefers-color-scheme: dark" in text
        assert "svg" in seen.tags

    def test_statements_lose_their_literals_and_remedies_keep_them(self, found: Examination) -> None:
        text = page(found)
        assert "ada@example.org" not in text
        assert "4711" not in text
        assert "idle for 912 s" in text
        assert "64MB" in text
        assert html.escape("litxdb's list of") in text  # an apostrophe opens no literal

    def test_it_stays_small(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        long = "x" * 5000

        def judge(*, server: Any) -> Judgement:
            return Judgement(1, tuple(Defect(Status.WARN, f"{n} {long}", long, long) for n in range(50)))

        for number in range(40):
            add_check(monkeypatch, f"loud_{number}", judge)
        text = page(examine(db, deadline_seconds=30))
        assert len(text.encode()) < 200_000
        assert "lesser findings are not on this page" in text
        parsed(text)

    def test_trends_are_drawn(self, found: Examination) -> None:
        import dataclasses

        start = datetime(2026, 1, 1, tzinfo=UTC)
        flat = Trend("Flat", "bytes", tuple((start + timedelta(hours=n), 5e6) for n in range(3)))
        rising = Trend("<Rising>", "", tuple((start + timedelta(hours=n), n) for n in range(60)))
        text = page(dataclasses.replace(found, trends=(flat, rising)))
        parsed(text)
        assert "59 now, 0 to 59" in text
        assert "4.8 MB now" in text
        assert "nan" not in text

    def test_history_makes_trends(self, run: Run, db_url: str, tmp_path: Path) -> None:
        file = tmp_path / "page.html"
        for _ in range(3):
            assert run("doctor", "--url", db_url, "--only", "connection", "--html", file).code == Exit.DONE
        assert "Size of the database" in file.read_text()
        parsed(file.read_text())

    def test_no_secret(self, run: Run, db_url: str, tmp_path: Path) -> None:
        file = tmp_path / "page.html"
        run("doctor", "--url", with_keywords(db_url, password="hunter22"), "--only", "connection", "--html", file)
        assert file.exists()
        assert "hunter22" not in file.read_text()


class TestPublishing:
    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        (tmp_path / "collector").mkdir()
        return tmp_path / "collector"

    def test_anybody_may_read_it_and_nothing_else_is_left(self, directory: Path) -> None:
        publish(directory / "x.prom", "one\n")
        publish(directory / "x.prom", "two\n")
        assert (directory / "x.prom").read_text() == "two\n"
        assert stat.S_IMODE((directory / "x.prom").stat().st_mode) == 0o644
        assert [path.name for path in directory.iterdir()] == ["x.prom"]

    def test_where_it_cannot_be_written_the_answer_is_there_all_the_same(self, run: Run, db_url: str) -> None:
        outcome = run("doctor", "--url", db_url, "--only", "connection", "--prometheus", "/nowhere/x.prom")
        assert outcome.code == Exit.CONFIGURATION
        assert "/nowhere/x.prom cannot be written" in outcome.stderr
        assert "Connection, TLS and provider" in outcome.stdout

    def test_a_failure_leaves_what_was_there(self, directory: Path) -> None:
        (directory / "x").mkdir()
        with pytest.raises(ConfigurationInvalid, match="cannot be written"):
            publish(directory / "x", "text")
        assert [path.name for path in directory.iterdir()] == ["x"]


class TestSnapshot:
    def test_one_is_taken_unless_it_is_not_wanted(self, run: Run, db_url: str) -> None:
        words = ("doctor", "--url", db_url, "--only", "connection", "--format", "json")
        assert run(*words).json["snapshot"] == "taken"
        assert run(*words, "--no-snapshot").json["snapshot"] == "not asked for"
        assert run(*words, "--triage").json["snapshot"] == "not asked for"

    def test_trouble_with_it_is_no_failure(self, run: Run, db_url: str, tmp_path: Path) -> None:
        (tmp_path / "state-file").touch()
        state = {"LITXDB_STATE": str(tmp_path / "state-file")}
        outcome = run("doctor", "--url", db_url, "--only", "server_unreachable", "--format", "json", env=state)
        assert outcome.code == Exit.DONE
        assert "cannot be used" in outcome.json["snapshot"]
