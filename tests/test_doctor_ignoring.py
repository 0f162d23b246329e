"""Findings that one lives with: counted, shown when asked for, and back again when their day is over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litxdb.doctor import Defect, Judgement, Status
from litxdb.errors import Exit
from tests.bed.checks import add_check
from tests.bed.program import Outcome

Run = Callable[..., Outcome]
Ask = Callable[..., Outcome]


@pytest.fixture
def ask(run: Run, db_url: str, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run doctor's one check, which finds two objects, with an ignore file of this content."""

    def judge(*, server: Any) -> Judgement:
        return Judgement(3, tuple(Defect(Status.CRIT, name, "bad") for name in ("public.ix[1]", 'public."a:b"')))

    add_check(monkeypatch, "bad_thing", judge)

    def run_with(content: str, *more: str) -> Outcome:
        Path(".litxdb-ignore.toml").write_text(content)
        return run("doctor", "--url", db_url, "--only", "bad_thing", "--only", "ignore_expired", *more)

    return run_with


def entry(key: str, more: str = "") -> str:
    return f"[[ignore]]\nkey = '{key}'\nreason = 'we know'\n{more}\n"


@pytest.mark.parametrize(
    ("key", "left"),
    [
        ("bad_thing", 0),
        ("bad_thing:*", 0),
        ("bad_thing:public.ix[1]", 1),
        ("bad_thing:public.ix?1?", 1),
        ("bad_thing:public.ix1", 2),
        ('bad_thing:public."a:b"', 1),
        ("bad_thing:PUBLIC.*", 2),
    ],
)
def test_what_a_key_means(key: str, left: int, ask: Ask) -> None:
    outcome = ask(entry(key), "--format", "json")
    assert len(outcome.json["rows"]) == left
    assert len(outcome.json["ignored"]) == 2 - left
    assert all(each["reason"] == "we know" for each in outcome.json["ignored"])
    assert outcome.code == (Exit.FINDINGS if left else Exit.DONE)
    assert {"check": "bad_thing", "status": "crit" if left else "ok"}.items() <= outcome.json["results"][-1].items()


def test_a_person_sees_how_many_and_with_v_which(ask: Ask) -> None:
    content = entry("bad_thing", "until = 2999-12-31")
    assert "2 findings ignored; -v lists them." in ask(content).stdout
    shown = ask(content, "-v").stdout
    assert "bad_thing:public.ix[1]: bad (we know, until 2999-12-31)" in shown


def test_when_its_day_is_over_it_counts_again_and_is_a_warning(ask: Ask) -> None:
    outcome = ask("# why\n\n" + entry("bad_thing", "until = 2026-01-31"), "--format", "json")
    assert outcome.code == Exit.FINDINGS
    *found, expired = outcome.json["rows"]
    assert len(found) == 2
    assert (expired["check"], expired["level"]) == ("ignore_expired", "warn")
    assert expired["object"] == "bad_thing in line 3"
    assert expired["measured"] == "expired after 2026-01-31: we know"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[[ignore]]\nkey = 'x", "line 2"),
        (entry("bad_thing") + "[[ignore]]\nkey = 'bad_thing'\n", "line 5: reason is missing"),
        (entry("bad_thing") + "[[ignore]]\nreason = 'x'\n", "line 5: key is missing"),
        ("ignore = [{key = 'bad_thing'}]\n", "line 1: reason is missing"),
        ("[[ignore]]\nkey = 'bad_thing'\nreason = ' '\n", "line 1: reason is empty"),
        (entry("bad_things"), "line 1: There is no check bad_things. Did you mean bad_thing"),
        (entry("bad_thing", "until = '2027-01-01'"), "line 1: until must be a date, without quotes"),
        (entry("bad_thing", "untill = 2027-01-01"), "line 1: untill is not known"),
        ("\nignored = ['bad_thing']\n", "line 2: only [[ignore]] entries are known"),
        ("ignore = 'bad_thing'\n", "line 1: only [[ignore]] entries are known"),
        ("ignore = ['bad_thing']\n", "line 1: only [[ignore]] entries are known"),
    ],
)
def test_a_file_that_is_wrong(content: str, said: str, ask: Ask) -> None:
    outcome = ask(content)
    assert outcome.code == Exit.CONFIGURATION
    assert said in outcome.stderr
    assert ".litxdb-ignore.toml" in outcome.stderr


def test_another_file(ask: Ask, tmp_path: Path) -> None:
    missing = ask("", "--ignore-file", str(tmp_path / "none"))
    assert missing.code == Exit.CONFIGURATION
    assert "none cannot be read" in missing.stderr
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert ask("", "--ignore-file", str(tmp_path / "binary")).code == Exit.CONFIGURATION
    (tmp_path / "own.toml").write_text(entry("bad_thing"))
    assert ask("", "--ignore-file", str(tmp_path / "own.toml")).code == Exit.DONE
