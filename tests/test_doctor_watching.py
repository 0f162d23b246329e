"""doctor --watch: again and again, on a terminal and in a pipe; and --triage, for the moment when it hurts."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from subprocess import Popen

import pytest

from litxdb.database import Database
from litxdb.doctor import checklist
from litxdb.errors import Exit
from tests.bed.program import Outcome
from tests.bed.statements import query
from tests.bed.terminal import on_terminal

Run = Callable[..., Outcome]
Start = Callable[..., Popen[str]]

WATCH = ("--watch", "0.1", "--only", "server_unreachable")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_pipe_gets_a_line_each_time_until_it_is_stopped(number: signal.Signals, db_url: str, start: Start) -> None:
    process = start("doctor", "--url", db_url, *WATCH)
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(3)]
    assert all(line.endswith("Z  Nothing wrong\n") for line in lines)
    process.send_signal(number)
    _, said = process.communicate(timeout=10)
    assert process.returncode == (Exit.INTERRUPTED if number == signal.SIGINT else Exit.TERMINATED)
    assert said.count("\n") == 1


def test_json_is_one_object_a_line(db_url: str, start: Start) -> None:
    process = start("doctor", "--url", db_url, *WATCH, "--format", "json")
    assert process.stdout
    for _ in range(2):
        assert json.loads(process.stdout.readline())["verdict"] == "ok"


def test_it_ends_when_nobody_reads_any_more(db_url: str) -> None:
    command = [sys.executable, "-m", "litxdb", "doctor", "--url", db_url, *WATCH]
    reader, writer = os.pipe()
    process = subprocess.Popen(command, stdout=writer)
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    assert process.wait(timeout=20) == Exit.DONE


def test_a_server_that_goes_and_comes_back(db_url: str, proxy: Callable[..., object], start: Start) -> None:
    from tests.bed.faults import reset

    door = proxy(db_url, reset)
    process = start("doctor", "--url", door.url, *WATCH)  # type: ignore[attr-defined]
    assert process.stdout
    assert "1 critical: server_unreachable" in process.stdout.readline()
    assert "Nothing wrong" in process.stdout.readline()


def test_a_terminal_is_painted_anew(db_url: str) -> None:
    shown = on_terminal("doctor", "--url", db_url, *WATCH, stop_after="every 0.1 s", times=2)
    assert shown.code == Exit.INTERRUPTED
    assert shown.raw.count("\x1b[H\x1b[2J") >= 2
    assert "[✓] Nothing wrong" in shown.plain


class TestTriage:
    def test_it_is_the_checks_of_what_hurts_now(self, run: Run, db_url: str) -> None:
        answer = run("doctor", "--url", db_url, "--triage", "--format", "json").json
        expected = {check.id for check in checklist() if check.declaration.triage}
        assert {result["check"] for result in answer["results"]} == expected
        assert {"idle_in_transaction", "server_unreachable"} <= expected

    def test_it_draws_who_is_in_the_way(self, run: Run, db: Database, db_url: str) -> None:
        with contextlib.closing(db.connect()) as holder, holder.cursor() as cursor:
            cursor.execute("lock table users in access exclusive mode")
            with waiting(db, "select count(*) from users where email = 'ada@example.org'") as waiter:
                shown = run("doctor", "--url", db_url, "--triage").stdout
                answer = run("doctor", "--url", db_url, "--triage", "--format", "json").json
                pid = holder.info.backend_pid
                holder.rollback()
        tree = shown.partition("Who waits for whom:\n")[2].splitlines()
        assert tree[0].startswith(f"    pid {pid}: ")
        assert "idle in transaction" in tree[0]
        assert "holds up 1 other" in tree[0]
        assert tree[1].startswith(f"        pid {waiter}: ")
        assert "for public.users (AccessShareLock)" in tree[1]
        assert "ada@example.org" not in shown
        assert [link["session"]["pid"] for link in answer["waiting"]] == [pid, waiter]

    def test_nothing_is_drawn_where_nobody_waits(self, run: Run, db_url: str) -> None:
        assert "Who waits" not in run("doctor", "--url", db_url, "--triage").stdout


@contextlib.contextmanager
def waiting(db: Database, statement: str) -> Iterator[int]:
    """Run a statement that has to wait, and yield its pid once it does; it must get its lock in the end."""
    with contextlib.closing(db.connect(autocommit=True)) as waiter:
        pid = waiter.info.backend_pid
        thread = threading.Thread(target=lambda: waiter.cursor().execute(statement))
        thread.start()
        while query(db, f"select count(*) from pg_locks where pid = {pid} and not granted") == [(0,)]:
            assert thread.is_alive()
        yield pid
        thread.join()
