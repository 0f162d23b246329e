"""Backups that nobody watches: pings, metrics and schedules."""

import contextlib
import http.server
import re
import shlex
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import psycopg2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from litxdb import backup
from litxdb.backup import monitoring, schedule
from litxdb.database import Database
from litxdb.database.advisory import BACKUP, acquire
from litxdb.errors import ArgumentInvalid
from tests.bed.backups import Shelf
from tests.bed.program import Outcome
from tests.bed.requirement import require
from tests.bed.waiting import until

Run = Callable[..., Outcome]
Start = Callable[..., Popen[str]]
UUID = "/e1a0b2c3-aaaa-bbbb-cccc-0123456789ab"


@dataclass
class Monitor:
    """A monitor that answers with these statuses, one after the other, and then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    heard: list[tuple[str, str]] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.heard]


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    found = Monitor()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            found.heard.append((self.path, body))
            self.send_response(found.statuses.pop(0) if found.statuses else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        found.url = f"http://127.0.0.1:{server.server_port}{UUID}"
        yield found
        server.shutdown()
        thread.join()


def test_a_backup_that_succeeds_is_told_of(monitor: Monitor, run: Run, db_url: str, place: Path) -> None:
    answer = run("backup", "--url", db_url, "--store", place, "--quiet", "--ping", monitor.url)
    assert (answer.code, answer.stdout, answer.stderr) == (0, "", "")
    assert monitor.paths == [f"{UUID}/start", UUID]
    assert monitor.heard[0][1] == ""
    assert re.search(r"test_\w+-\d{8}T\d{6}Z-\w+: .* tables, .*\n[\d.]+ s$", monitor.heard[1][1])


def test_one_that_fails_says_why_and_no_secret(monitor: Monitor, run: Run, place: Path) -> None:
    url = "postgresql://ada:hunter22@127.0.0.1:1/x?connect_timeout=1"
    environment = {"LITXDB_RETRY_SECONDS": "0", "LITXDB_BACKUP_PING": monitor.url}
    answer = run("backup", "--url", url, "--store", place, env=environment)
    assert answer.code == 4
    assert monitor.paths == [f"{UUID}/start", f"{UUID}/fail"]
    assert "No connection" in monitor.heard[1][1]
    assert "(exit code 4)" in monitor.heard[1][1]
    assert "hunter22" not in str(monitor.heard)


def test_one_that_is_terminated_is_told_of(monitor: Monitor, start: Start, empty_url: str, place: Path) -> None:
    with contextlib.closing(psycopg2.connect(empty_url)) as blocking, blocking.cursor() as cursor:
        cursor.execute("create table t (id int)")
        blocking.commit()
        cursor.execute("lock table t in access exclusive mode")
        process = start("backup", "--url", empty_url, "--store", place, "--ping", monitor.url)
        until(lambda: list(place.glob("*.attempt.json")))
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 143
    assert monitor.paths == [f"{UUID}/start", f"{UUID}/fail"]
    assert "terminated (exit code 143)" in monitor.heard[1][1]


def test_one_that_finds_another_running_says_nothing_of_its_end(
    monitor: Monitor, run: Run, empty_url: str, place: Path
) -> None:
    with Database(empty_url) as db, contextlib.closing(db.connect(direct=True, autocommit=True)) as other:
        acquire(other, BACKUP, 0, subject="another", notify=print)
        assert run("backup", "--url", empty_url, "--store", place, "--ping", monitor.url).code == 75
    assert monitor.paths == [f"{UUID}/start"]


def test_a_monitor_that_is_away_fails_no_backup(
    run: Run, db_url: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = run("backup", "--url", db_url, "--store", place, "--quiet", "--ping", f"http://127.0.0.1:1{UUID}")
    assert answer.code == 0
    assert answer.stderr.count("warning: the ping to 127.0.0.1 was not sent") == 2
    assert UUID not in answer.stderr


def test_a_monitor_that_says_nothing_is_not_waited_for(
    run: Run, db_url: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}{UUID}"
        answer = run("backup", "--url", db_url, "--store", place, "--ping", url)
    assert (answer.code, "was not sent" in answer.stderr) == (0, True)


def test_a_ping_is_tried_again_but_not_what_is_refused(monitor: Monitor) -> None:
    said: list[str] = []
    monitor.statuses = [500, 503, 200, 404]
    with backup.heartbeat(monitor.url, said.append):
        pass
    assert monitor.paths == [f"{UUID}/start"] * 3 + [UUID]
    assert said == ["warning: the ping to 127.0.0.1 was not sent: it answers 404"]


def test_only_the_last_lines_are_sent(monitor: Monitor) -> None:
    with contextlib.suppress(ZeroDivisionError), backup.heartbeat(monitor.url, print) as report:
        for number in range(1000):
            report(f"{number} {'x' * 1000}")
        raise ZeroDivisionError
    path, body = monitor.heard[-1]
    assert path == f"{UUID}/fail"
    assert len(body) <= monitoring.LARGEST
    assert body.splitlines()[-2].startswith("error: ZeroDivisionError")


@pytest.mark.parametrize("url", ["", "hc-ping.com/x", "file:///etc/passwd", "https://", "http://[x/y"])
def test_what_is_no_url_to_ping_is_said_before(url: str, run: Run, db_url: str, place: Path) -> None:
    answer = run("backup", "--url", db_url, "--store", place, env={"LITXDB_BACKUP_PING": url})
    assert answer.code == 3
    assert not place.exists()


def metrics(path: Path) -> dict[tuple[str, ...], float]:
    """Return values by the metric's name and its labels' values, but for the database's."""
    found = {}
    for family in text_string_to_metric_families(path.read_text()):
        for sample in family.samples:
            labels = [value for label, value in sample.labels.items() if label != "database"]
            found[sample.name.removeprefix("litxdb_backup_"), *labels] = sample.value
    return found


def test_metrics_of_a_run_that_succeeds(run: Run, db_url: str, db: Database, place: Path, tmp_path: Path) -> None:
    shelf, file = Shelf(db, place), tmp_path / "litxdb.prom"
    old = shelf.add(30, verified=True)
    before = time.time()
    made = run("backup", "--url", db_url, "--store", place, "--prometheus", file, "--format", "json")
    assert made.code == 0, made.stderr
    found = metrics(file)
    assert found["last_exit_code",] == 0
    assert found["retained",] == 2
    assert before - 1 <= found["last_success_timestamp_seconds",] <= time.time() + 1
    assert found["last_verified_timestamp_seconds",] == pytest.approx(old.snapshot_at.timestamp())
    assert found["restore_seconds",] == 60
    assert found["bytes",] == made.json["bytes"]
    assert found["rows",] == made.json["rows"]
    assert found["duration_seconds", "total"] == pytest.approx(made.json["manifest"]["seconds"]["total"])
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_metrics_of_a_run_that_fails_keep_when_it_last_went_well(
    run: Run, db_url: str, place: Path, tmp_path: Path
) -> None:
    file = tmp_path / "litxdb.prom"
    assert run("backup", "--url", db_url, "--store", place, "--prometheus", file).code == 0
    well = metrics(file)
    empty = tmp_path / "bin"
    empty.mkdir()
    words = ("backup", "--url", db_url, "--store", place, "--prometheus", file)
    assert run(*words, env={"LITXDB_PG_BIN": str(empty)}).code == 7
    ill = metrics(file)
    assert ill["last_exit_code",] == 7
    for name in ("last_success_timestamp_seconds", "retained", "bytes"):
        assert ill[name,] == well[name,]


def test_a_file_of_metrics_that_cannot_be_written_fails_no_backup(run: Run, db_url: str, place: Path) -> None:
    answer = run("backup", "--url", db_url, "--store", place, "--quiet", "--prometheus", "/nowhere/x.prom")
    assert answer.code == 0
    assert answer.stderr == "warning: /nowhere/x.prom cannot be written: No such file or directory.\n"


HOSTILE = """/my "100%" $HOME/it's; \\back"""


def test_the_schedule_carries_the_options(run: Run, tmp_path: Path) -> None:
    given = ("--store", HOSTILE, "--jobs", "3", "--recipient", "age1x", "--recipient", "/keys", "--verify")
    answer = run("backup", "--schedule", *given)
    assert answer.code == 0, answer.stderr
    (line,) = (line for line in answer.stdout.splitlines() if line.startswith("17 2 * * *  "))
    words = shlex.split(line.removeprefix("17 2 * * *  ").replace("\\%", "%"))
    assert words[:3] == ["cd", str(Path.cwd()), "&&"]
    assert words[4:] == ["backup", *given, "--quiet"]
    assert subprocess.run([words[3], "--version"], check=True, capture_output=True).stdout.startswith(b"litxdb ")


def test_a_schedule_shows_no_password_and_breaks_no_line(run: Run) -> None:
    answer = run("backup", "--schedule", "--url", "postgresql://ada:hunter22@db/x")
    assert (answer.code, "hunter22" in answer.stdout + answer.stderr) == (2, False)
    with pytest.raises(ArgumentInvalid):
        schedule.schedule(["litxdb", "a\nb"], Path("/"), "root")


@pytest.mark.parametrize("store", ["/var/backups/litxplore", HOSTILE])
def test_systemd_takes_the_units(store: str, tmp_path: Path) -> None:
    require(shutil.which("systemd-analyze"), "apt-get install systemd")
    directory = tmp_path / "with space % and $x"
    directory.mkdir()
    command = [shutil.which("true") or "", "backup", "--store", store]
    (tmp_path / "litxdb-backup.service").write_text(schedule.service(command, directory, "root"))
    (tmp_path / "litxdb-backup.timer").write_text(schedule.TIMER)
    units = [tmp_path / "litxdb-backup.service", tmp_path / "litxdb-backup.timer"]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    about = [line for line in done.stderr.splitlines() if "litxdb-backup" in line]
    assert about == [], done.stderr
