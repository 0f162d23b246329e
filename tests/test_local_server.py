"""LitXplore's one local server: made when it is missing, found when it is there, deleted only when it is ours."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest

from litxdb import local
from litxdb.errors import ConfigurationInvalid, Refused
from litxdb.settings import Settings
from tests.bed.homes import ask, python, temporary_home


@pytest.fixture
def settings() -> Iterator[Settings]:
    with temporary_home() as home:
        yield Settings(home=home)


def test_it_is_made_once_started_when_stopped_and_told_of_both(settings: Settings) -> None:
    told: list[str] = []
    assert not local.exists(settings)
    cluster = local.ensure(settings, told.append)
    assert local.exists(settings)
    assert told == [f"Creating the local PostgreSQL {cluster.binaries.version} in {settings.home / 'local'}"]
    with closing(psycopg2.connect(**cluster.parameters("litxplore"))) as session, session.cursor() as cursor:
        cursor.execute("create table kept ()")
        session.commit()
    local.ensure(settings, told.append)
    assert len(told) == 1
    local.stop(settings)
    local.ensure(settings, told.append)
    assert told[1:] == [f"Starting the local PostgreSQL {cluster.binaries.version} in {settings.home / 'local'}"]
    with closing(psycopg2.connect(cluster.url("litxplore"))) as session, session.cursor() as cursor:
        cursor.execute("select * from kept")


def test_a_database_that_was_dropped_is_made_again(settings: Settings) -> None:
    cluster = local.ensure(settings, lambda line: None)
    ask(cluster, "drop database litxplore")
    assert not cluster.running("litxplore")
    local.ensure(settings, lambda line: None)
    assert cluster.running("litxplore")


def test_several_commands_at_once_on_a_fresh_machine(settings: Settings) -> None:
    code = (
        "import sys, pathlib; from litxdb import local; from litxdb.settings import Settings;"
        "print(local.ensure(Settings(home=pathlib.Path(sys.argv[1])), lambda line: None).url('litxplore'))"
    )
    started = [python(code, settings.home) for _ in range(5)]
    outputs = [process.communicate(timeout=60) for process in started]
    assert [error for _, error in outputs] == [""] * 5
    assert {url.strip() for url, _ in outputs} == {local.local_server(settings).url("litxplore")}
    assert local.local_server(settings).running("litxplore")


def test_its_status_in_every_state(settings: Settings) -> None:
    assert local.status(settings) == local.LocalStatus("not created", settings.home / "local")
    cluster = local.ensure(settings, lambda line: None)
    running = local.status(settings)
    assert (running.state, running.directory) == ("running", cluster.directory)
    assert (running.version, running.url) == (cluster.binaries.version, cluster.url("litxplore"))
    assert running.pid
    os.kill(running.pid, 0)
    assert running.started_at
    assert 0 <= (datetime.now(UTC) - running.started_at).total_seconds() < 60
    assert 20_000_000 < (running.size_bytes or 0) < 100_000_000
    local.stop(settings)
    stopped = local.status(settings)
    assert (stopped.state, stopped.version) == ("stopped", str(cluster.binaries.major))
    assert (stopped.pid, stopped.url, stopped.started_at) == (None, None, None)
    assert stopped.size_bytes


def test_looking_makes_nothing(settings: Settings) -> None:
    local.status(settings)
    local.stop(settings)
    assert not local.local_server(settings).running()
    assert list(settings.home.iterdir()) == []


def test_reset_deletes_the_data_and_begins_anew(settings: Settings) -> None:
    cluster = local.ensure(settings, lambda line: None)
    ask(cluster, "create role gone")
    (cluster.directory / "notes.txt").write_text("mine")
    told: list[str] = []
    local.reset(settings, told.append)
    assert [line.split()[0] for line in told] == ["Creating"]
    assert ask(cluster, "select count(*) from pg_roles where rolname = 'gone'") == 0
    assert cluster.running("litxplore")
    assert (cluster.directory / "notes.txt").read_text() == "mine"


def test_reset_makes_what_was_never_there(settings: Settings) -> None:
    assert local.reset(settings, lambda line: None).running("litxplore")


@pytest.mark.parametrize("files", [{"diary.txt": "mine"}, {"PG_VERSION": "18\n", "postgresql.conf": ""}])
def test_reset_refuses_what_litxdb_did_not_make(settings: Settings, files: dict[str, str]) -> None:
    data = settings.home / "local" / "data"
    data.mkdir(parents=True)
    for name, text in files.items():
        (data / name).write_text(text)
    with pytest.raises(Refused, match="was not made by litxdb"):
        local.reset(settings, lambda line: None)
    assert {path.name: path.read_text() for path in data.iterdir()} == files


def test_reset_refuses_to_follow_a_link(settings: Settings) -> None:
    cluster = local.ensure(settings, lambda line: None)
    cluster.stop()
    cluster.data.rename(settings.home / "elsewhere")
    cluster.data.symlink_to(settings.home / "elsewhere")
    with pytest.raises(Refused, match="was not made by litxdb"):
        local.reset(settings, lambda line: None)
    assert (settings.home / "elsewhere" / "PG_VERSION").exists()


def test_a_home_that_cannot_be_used_is_named() -> None:
    with pytest.raises(ConfigurationInvalid, match="/proc/nope"):
        local.ensure(Settings(home=Path("/proc/nope")), lambda line: None)


def test_a_running_server_is_found_quickly(settings: Settings) -> None:
    local.ensure(settings, lambda line: None)
    times = []
    for _ in range(20):
        before = time.perf_counter()
        local.ensure(settings, lambda line: None)
        times.append(time.perf_counter() - before)
    assert sorted(times)[10] < 0.05
