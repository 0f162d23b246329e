"""Scratch databases: there for a block, shared by processes, and nothing left."""

import contextlib
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from litxdb.errors import ConnectionFailed
from litxdb.local import Cluster, scratch, scratch_database
from litxdb.settings import Settings
from tests.bed.homes import ask, python, temporary_home

HOLD = """
import sys, time
from pathlib import Path
from litxdb.local import scratch, scratch_database
from litxdb.settings import Settings

with scratch(Settings(home=Path(sys.argv[1]))) as cluster, scratch_database(cluster):
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings() -> Iterator[Settings]:
    with temporary_home() as home:
        yield Settings(home=home)


def names(cluster: Cluster) -> int:
    return int(ask(cluster, "select count(*) from pg_database where datname like 'scratch%'"))


def test_a_database_is_there_for_a_block_and_the_server_too(settings: Settings) -> None:
    with scratch(settings) as cluster:
        with scratch_database(cluster) as name:
            assert ask(cluster, f"select count(*) from pg_database where datname = '{name}'") == 1
        assert names(cluster) == 0
    assert not cluster.running()


def test_a_database_is_dropped_when_the_block_fails(settings: Settings) -> None:
    with scratch(settings) as cluster:
        with pytest.raises(ZeroDivisionError), scratch_database(cluster):
            raise ZeroDivisionError
        assert names(cluster) == 0
    with pytest.raises(ZeroDivisionError), scratch(settings) as cluster:
        raise ZeroDivisionError
    assert not cluster.running()


def test_a_copy_of_a_template(settings: Settings) -> None:
    with scratch(settings) as cluster, scratch_database(cluster) as template:
        with contextlib.closing(cluster_session(cluster, template)) as session:
            session.cursor().execute("create table t as select 1 as one")
        with scratch_database(cluster, template) as copy, contextlib.closing(cluster_session(cluster, copy)) as session:
            session.cursor().execute("select one from t")


def cluster_session(cluster: Cluster, dbname: str):  # type: ignore[no-untyped-def]
    from tests.bed.homes import connect

    return connect(cluster, dbname)


def test_several_at_once_share_the_server_and_the_last_stops_it(settings: Settings) -> None:
    def one(number: int) -> bool:
        with scratch(settings) as cluster, scratch_database(cluster):
            time.sleep(0.1 * number)
            return cluster.running()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(one, range(4))) == [True] * 4
    assert not Cluster(settings.home / "scratch").running()


def test_what_a_killed_process_leaves_is_cleared_by_the_next(settings: Settings) -> None:
    process = python(HOLD, settings.home)
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    cluster = Cluster(settings.home / "scratch")
    assert cluster.running()
    assert names(cluster) == 1
    with scratch(settings):
        assert names(cluster) == 0
    assert not cluster.running()


def test_a_server_that_ends_meanwhile(settings: Settings) -> None:
    """What a session hears is only that the connection was lost; the next block starts it anew."""
    with (
        pytest.raises(ConnectionFailed, match=r"The scratch server in .* has ended") as raised,
        scratch(settings) as cluster,
        scratch_database(cluster),
    ):
        cluster.stop(immediate=True)
    assert str(Cluster(settings.home / "scratch").log) in str(raised.value.hint)
    with scratch(settings) as cluster, pytest.raises(ConnectionFailed, match="elsewhere"):
        raise ConnectionFailed("elsewhere")
    with scratch(settings) as cluster:
        assert names(cluster) == 0


def test_a_ruined_cluster_is_made_anew(settings: Settings) -> None:
    with scratch(settings) as cluster:
        pass
    Path(cluster.data, "global", "pg_control").write_bytes(b"ruined")
    with scratch(settings) as cluster, scratch_database(cluster):
        assert cluster.running()
