"""The journal: on the disk before the statement runs, whole after a crash, and nobody else's business."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from litxdb.errors import ConfigurationInvalid, Interrupted
from litxdb.journal import Journal

CHANGE = ("litxplore on localhost", 'drop index "a\nb"', 'create index "a\nb" on t ("ü%")')


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "litxdb")


def outcomes(journal: Journal) -> list[str]:
    return [entry.outcome for entry in journal.entries()]


def test_a_change_is_there_before_it_happens_and_its_outcome_afterwards(journal: Journal) -> None:
    assert journal.entries() == ()
    with journal.recording(*CHANGE):
        assert outcomes(journal) == ["begun"]
    begun, done = journal.entries()
    assert (done.database, done.statement, done.undo, done.outcome) == (*CHANGE, "done")
    assert begun.when <= done.when


def test_its_lines_are_json_for_any_other_program(journal: Journal) -> None:
    journal.append(*CHANGE, "done")
    assert json.loads(journal.path.read_text())["undo"] == CHANGE[2]


def test_failures_and_interruptions_are_outcomes_too(journal: Journal) -> None:
    with pytest.raises(ValueError, match="no such index"), journal.recording(*CHANGE):
        raise ValueError("no such index\nLINE 1")
    with pytest.raises(Interrupted), journal.recording(*CHANGE):
        raise Interrupted
    assert outcomes(journal) == ["begun", "failed: no such index", "begun", "interrupted"]


def test_only_its_owner_reads_it(journal: Journal) -> None:
    journal.append(*CHANGE, "done")
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_a_line_cut_short_by_a_crash_costs_only_itself(journal: Journal) -> None:
    journal.append(*CHANGE, "done")
    with journal.path.open("ab") as file:
        file.write(b'{"when": "2026-')
    journal.append(*CHANGE, "later")
    assert outcomes(journal) == ["done", "later"]


def test_what_cannot_be_recorded_does_not_happen(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ConfigurationInvalid, match="cannot be written: File exists"),
        Journal(tmp_path / "file").recording(*CHANGE),
    ):
        pytest.fail("the statement ran")


def test_an_outcome_that_cannot_be_recorded_is_told(journal: Journal) -> None:
    said: list[str] = []
    with journal.recording(*CHANGE, said.append):
        journal.path.unlink()
        journal.path.mkdir()
    assert len(said) == 1
    assert "cannot be written: Is a directory" in said[0]


def test_programs_that_write_at_once_leave_whole_lines(journal: Journal) -> None:
    program = (
        "import pathlib, sys; from litxdb.journal import Journal\n"
        "for i in range(100): Journal(pathlib.Path(sys.argv[1])).append('d', 'x' * 9000, None, str(i))"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, journal.path.parent]) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert sorted(outcomes(journal), key=int) == [str(i) for i in range(100) for _ in range(3)]
