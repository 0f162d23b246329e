"""The embedded server after crashes: killed servers, killed clients, and whatever they leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from litxdb.errors import ConnectionFailed
from litxdb.local import Cluster, postmaster
from tests.bed.homes import ask, connect, python

START = "import sys, pathlib; from litxdb.local import Cluster; cluster = Cluster(pathlib.Path(sys.argv[1])); "
WHO = "select concat(pg_postmaster_start_time(), ' ', (select system_identifier from pg_control_system()))"


@pytest.fixture
def cluster(home: Path) -> Cluster:
    cluster = Cluster(home / "pg")
    cluster.start()
    return cluster


@pytest.fixture
def stranger(cluster: Cluster) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's account that has nothing to do with PostgreSQL."""
    process = subprocess.Popen(["sleep", "1000"], **cluster.account.identity)
    yield process
    assert process.poll() is None, "a process that is not the server was ended"
    process.kill()
    process.wait()


def kill(cluster: Cluster) -> None:
    """End the postmaster with kill -9 and wait for its last session, so that only its files remain."""
    process = postmaster.find(cluster.data)
    assert process is not None
    sessions = process.children()
    process.kill()
    wait_until(lambda: all(postmaster.ended(each) for each in (process, *sessions)))


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_killed_server_is_started_again_at_once_with_its_data(cluster: Cluster) -> None:
    for number in range(3):
        ask(cluster, f"create table kept_{number} ()")
        process = postmaster.find(cluster.data)
        assert process is not None
        process.kill()
        cluster.start()
    assert ask(cluster, "select count(*) from pg_class where relname like 'kept_%'") == 3


def test_sessions_that_outlive_a_killed_server_are_waited_for(cluster: Cluster) -> None:
    busy = "do $$ begin while (pg_stat_file('enough', true)).size is null loop end loop; end $$"
    with closing(connect(cluster)) as session, ThreadPoolExecutor(2) as threads:
        survivor = threads.submit(lambda: session.cursor().execute(busy))
        wait_until(lambda: ask(cluster, "select count(*) from pg_stat_activity where query like 'do $$%'"))
        process = postmaster.find(cluster.data)
        assert process is not None
        process.kill()
        starting = threads.submit(cluster.start)
        try:
            wait_until(lambda: "pre-existing shared memory block" in cluster.log.read_text())
        finally:
            (cluster.data / "enough").touch()
        survivor.result()
        starting.result()
    assert cluster.running()


def test_a_dead_server_does_not_count_as_running(cluster: Cluster) -> None:
    kill(cluster)
    assert not cluster.running()
    cluster.stop()


def test_a_process_id_that_a_stranger_has_inherited(cluster: Cluster, stranger: subprocess.Popen[bytes]) -> None:
    kill(cluster)
    for path in (cluster.data / "postmaster.pid", cluster.data / ".s.PGSQL.5432.lock"):
        path.write_text("\n".join([str(stranger.pid), *path.read_text().split("\n")[1:]]))
    cluster.stop()
    cluster.start()
    assert cluster.running()


def test_a_process_id_that_another_clusters_server_has_inherited(cluster: Cluster, home: Path) -> None:
    other = Cluster(home / "other")
    other.start()
    kill(cluster)
    path, theirs = cluster.data / "postmaster.pid", postmaster.PidFile.read(other.data)
    assert theirs is not None
    path.write_text("\n".join([str(theirs.pid), *path.read_text().split("\n")[1:]]))
    cluster.stop()
    cluster.start()
    assert cluster.running()
    assert other.running()


def test_a_process_id_that_is_a_zombie(cluster: Cluster) -> None:
    kill(cluster)
    zombie = subprocess.Popen(["true"], **cluster.account.identity)
    wait_until(lambda: psutil.Process(zombie.pid).status() == psutil.STATUS_ZOMBIE)
    path = cluster.data / "postmaster.pid"
    path.write_text("\n".join([str(zombie.pid), *path.read_text().split("\n")[1:]]))
    cluster.start()
    zombie.wait()
    assert cluster.running()


@pytest.mark.parametrize("lines", [0, 1, 2, 4, 5])
def test_half_a_pid_file(cluster: Cluster, stranger: subprocess.Popen[bytes], lines: int) -> None:
    kill(cluster)
    for path in (cluster.data / "postmaster.pid", cluster.data / ".s.PGSQL.5432.lock"):
        path.write_text("\n".join([str(stranger.pid), *path.read_text().split("\n")[1:]][:lines]))
    cluster.start()
    assert cluster.running()


@pytest.mark.parametrize("text", ["garbage", "0\n", "-17\n", "99999999999999999999\n", "\0\0\0\0\n", "1\n"])
def test_nonsense_in_the_pid_file(cluster: Cluster, text: str) -> None:
    kill(cluster)
    (cluster.data / "postmaster.pid").write_text(text)
    cluster.start()
    assert cluster.running()


def test_processes_that_start_a_fresh_cluster_together_get_one_server(home: Path) -> None:
    code = START + f"cluster.start(); from tests.bed.homes import ask; print(ask(cluster, {WHO!r}))"
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    started = [python(code, home / "pg", env={**os.environ, "PYTHONPATH": path}) for _ in range(6)]
    outputs = [process.communicate(timeout=60) for process in started]
    assert [error for _, error in outputs] == [""] * 6
    assert len({answer for answer, _ in outputs}) == 1
    assert ask(Cluster(home / "pg"), WHO) == outputs[0][0].strip()


def test_threads_that_start_a_fresh_cluster_together_get_one_server(home: Path) -> None:
    threads = [threading.Thread(target=Cluster(home / "pg").start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (home / "pg" / "server.log").read_text().count("ready to accept connections") == 1


def test_a_killed_client_leaves_the_server_running(cluster: Cluster, home: Path) -> None:
    code = START + "import psycopg2; s = psycopg2.connect(**cluster.parameters()); print('in', flush=True); input()"
    client = python(code, home / "pg", stdin=subprocess.PIPE)
    assert client.stdout is not None
    assert client.stdout.readline() == "in\n"
    client.kill()
    client.communicate()
    assert cluster.running()
    cluster.stop()
    assert postmaster.find(cluster.data) is None


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_to_the_terminals_process_group_do_not_reach_the_server(home: Path, signum: int) -> None:
    code = START + "cluster.start(); print('up', flush=True); input()"
    client = python(code, home / "pg", stdin=subprocess.PIPE, start_new_session=True)
    assert client.stdout is not None
    assert client.stdout.readline() == "up\n"
    os.killpg(client.pid, signum)
    client.communicate()
    assert Cluster(home / "pg").running()


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_creation_is_never_taken_for_a_cluster(home: Path, signum: int) -> None:
    client = python(START + "cluster.start()", home / "pg", start_new_session=True)
    wait_until(lambda: list((home / "pg").glob(".litxdb-partial-*/PG_VERSION")))
    os.killpg(client.pid, signum) if signum == signal.SIGINT else client.kill()
    client.communicate()
    cluster = Cluster(home / "pg")
    assert not cluster.exists()
    cluster.start()
    assert ask(cluster, "select count(*) from pg_database") == 3

    def leftovers_after_a_restart() -> list[Path]:
        cluster.stop()
        cluster.start()
        return list((home / "pg").glob(".litxdb-partial-*"))

    wait_until(lambda: not leftovers_after_a_restart())


def test_a_server_whose_process_cannot_be_recognised_is_never_joined_by_a_second(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = postmaster.find(cluster.data)
    assert process is not None
    (cluster.data / ".s.PGSQL.5432").unlink()
    monkeypatch.setattr(postmaster, "find", lambda data: None)
    monkeypatch.setattr("litxdb.local.cluster.SURVIVORS_SECONDS", 0.3)
    with pytest.raises(ConnectionFailed, match="still use"):
        cluster.start()
    monkeypatch.undo()
    assert not postmaster.ended(process)
    cluster.stop()
    cluster.start()
    assert cluster.running()


def test_a_server_that_hangs_is_reported_not_doubled(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    process = postmaster.find(cluster.data)
    assert process is not None
    monkeypatch.setattr("litxdb.local.cluster.SILENT_SECONDS", 0.3)
    monkeypatch.setattr("litxdb.local.probe.CONNECT_SECONDS", 2)
    process.suspend()
    try:
        with pytest.raises(ConnectionFailed, match="runs, but nothing answers on its socket"):
            cluster.start()
    finally:
        process.resume()
    assert cluster.running()


def test_a_server_that_is_shutting_down_is_waited_for_and_started_again(cluster: Cluster) -> None:
    before = ask(cluster, WHO)
    process = postmaster.find(cluster.data)
    assert process is not None
    with closing(connect(cluster)):
        process.send_signal(signal.SIGTERM)  # waits for its sessions
        wait_until(lambda: not cluster.running())
        starting = threading.Thread(target=cluster.start)
        starting.start()
        starting.join(0.3)
        assert starting.is_alive()
    starting.join()
    assert ask(cluster, WHO) != before


def test_a_full_server_counts_as_running(home: Path) -> None:
    options = {"max_connections": "4", "superuser_reserved_connections": "0", "max_wal_senders": "0"}
    cluster = Cluster(home / "pg", options=options)
    cluster.start()
    sessions = [connect(cluster) for _ in range(4)]
    assert cluster.running()
    cluster.start()
    for session in sessions:
        session.close()


def test_why_a_server_does_not_start_is_in_the_error(home: Path) -> None:
    with pytest.raises(Exception, match=r"invalid value for parameter \"shared_buffers\": \"plenty\"") as caught:
        Cluster(home / "pg", options={"shared_buffers": "plenty"}).start()
    assert str(home / "pg" / "server.log") in caught.value.hint
    Cluster(home / "pg").start()


def test_a_server_that_dies_in_a_long_lived_process_leaves_no_zombie(cluster: Cluster) -> None:
    kill(cluster)
    assert [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE] == []
