"""The runbook is written from the checks, and what it tells people to type exists."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from litxdb.doctor import AREAS, checklist
from litxdb.doctor.runbook import TROUBLES, Runbook, book, runbooks
from litxdb.errors import Exit
from tests.bed.program import Outcome
from tests.test_cli import COMMANDS

Run = Callable[..., Outcome]
TYPED = re.compile(r"`(litxdb [^`]+)`|^    (litxdb .*?)(?:  #.*)?$", re.MULTILINE)


def test_the_page_in_docs_is_the_text_in_the_package() -> None:
    page = Path(__file__).parent.parent / "docs" / "runbook.md"
    assert page.read_text() == book(), "run: make runbook"


def test_it_has_every_check_and_every_trouble() -> None:
    text = book()
    assert all(f"### {check.id}\n" in text for check in checklist())
    assert [each.name for each in runbooks()] == list(TROUBLES)
    assert text.index("## Connection trouble") < text.index(f"## {AREAS['connection']}")


@pytest.mark.parametrize("runbook", runbooks(), ids=lambda runbook: runbook.name)
def test_each_goes_from_symptoms_to_what_to_type(runbook: Runbook, run: Run) -> None:
    headings = [line for line in runbook.text.splitlines() if line.startswith("## ")]
    assert headings == ["## Symptoms", "## Look", "## Act"]
    outcome = run("doctor", "--explain", runbook.name)
    assert outcome.code == Exit.DONE
    assert outcome.stdout.startswith(f"# {runbook.title}\n")


def typed() -> list[str]:
    return sorted({one or other for each in runbooks() for one, other in TYPED.findall(each.text)})


@pytest.mark.parametrize("line", typed())
def test_what_it_tells_to_type_exists(line: str, run: Run) -> None:
    words = shlex.split(line)[1:]
    length = max(length for length in (1, 2) if tuple(words[:length]) in COMMANDS)
    known = run(*words[:length], "--help").stdout
    assert all(option in known for option in words if option.startswith("-"))
    names = [*AREAS, *(check.id for check in checklist()), *TROUBLES]
    named = [after for option, after in itertools.pairwise(words) if option in ("--only", "--explain")]
    assert set(named) <= set(names)
