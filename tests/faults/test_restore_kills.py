"""Verify and restore killed at random moments: nothing is called proven or whole that is not, and the next run works.

CI takes a few; LITXDB_TEST_KILLS=200 (make faults) takes many. A failure names its seed, LITXDB_TEST_SEED.
"""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen, TimeoutExpired

import psutil
import pytest

from litxdb import backup
from litxdb.backup import unpacking
from litxdb.backup.empty import UNFINISHED
from litxdb.backup.results import Backup
from litxdb.database import Database
from tests.bed.servers import Server
from tests.bed.statements import execute
from tests.bed.waiting import PATIENCE_SECONDS, until

KILLS = int(os.environ.get("LITXDB_TEST_KILLS", "5"))
SEED = int(os.environ.get("LITXDB_TEST_SEED", str(random.randrange(1 << 30))))
ROWS = 60_000
MEANS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
NAME = "to_be_killed"

Start = Callable[..., Popen[str]]


@pytest.fixture
def made(empty_url: str, tmp_path: Path) -> Backup:
    execute(empty_url, f"create table t as select n, md5(n::text) as a from generate_series(1, {ROWS}) n")
    execute(empty_url, "create index on t (a); create table u as select * from t; alter table u add primary key (n)")
    execute(empty_url, "create table generation as select 'new' as which")
    with Database(empty_url) as db:
        return backup.make(db, backup.open_store(str(tmp_path / "store")))


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    directory = tmp_path / "temporary"
    directory.mkdir()
    return directory


def kills(start: Start, temporary: Path, *command: str | Path) -> Iterator[str]:
    """Run the command once to its end, and then kill it again and again; yields what was done, each time."""
    chance = random.Random(SEED)
    env = {"TMPDIR": str(temporary)}
    begun = time.monotonic()
    process = start(*command, env=env)
    stderr = process.communicate()[1]
    assert process.returncode == 0, stderr
    whole_seconds = time.monotonic() - begun
    yield "none"
    for number in range(KILLS):
        process = start(*command, env=env)
        moment, means = chance.uniform(0, whole_seconds * 1.1), chance.choice(MEANS)
        with contextlib.suppress(TimeoutExpired):
            process.wait(moment)
        said = f"seed {SEED}, kill {number} by {means.name} after {moment:.3f} s"
        children = []
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(means)
        stderr = process.communicate()[1]
        assert "This is a bug" not in stderr, (said, stderr)
        children = [child for child in children if named(child) != "postgres"]
        _gone, alive = psutil.wait_procs(children, PATIENCE_SECONDS)
        assert not [child for child in alive if named(child) != "postgres"], said  # the scratch server may outlive it
        yield said


def named(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.NoSuchProcess):
        return str(process.name())
    return "gone"


def test_verify_killed(start: Start, made: Backup, tmp_path: Path, temporary: Path) -> None:
    place = tmp_path / "store"
    store = backup.open_store(str(place))
    command = ("verify", "--store", place, "--jobs", "2")
    for said in kills(start, temporary, *command):
        found = backup.inventory(store)
        assert found.damaged == (), said
        assert [each.name for each in found.backups] == [made.name], said
        assert all(proof.ok and proof.full for proof in found.backups[0].proofs), said
    assert start(*command, env={"TMPDIR": str(temporary)}).wait() == 0
    assert list(temporary.glob(f"{unpacking.PREFIX}*")) == []


def test_replace_killed(start: Start, made: Backup, server: Server, tmp_path: Path, temporary: Path) -> None:
    """The database of that name is there at any moment, whole, old or new."""
    server.execute(f"create database {NAME}")
    url = server.url(NAME)
    try:
        execute(url, "create table generation as select 'old' as which")
        command = (
            "restore",
            made.name,
            "--store",
            tmp_path / "store",
            "--into",
            url,
            "--replace",
            "--yes",
            "--jobs",
            "2",
        )
        for said in kills(start, temporary, *command):
            check_whole(url, said)
            execute(url, "update generation set which = 'old'; drop table if exists t")
        until_gone(server)
        process = start(*command, env={"TMPDIR": str(temporary)})
        assert process.communicate()[1]
        assert process.returncode == 0
        check_whole(url, "at the end")
        assert not any("_restoring_" in name for name in databases(server))
        assert list(temporary.glob(f"{unpacking.PREFIX}*")) == []
    finally:
        for name in databases(server):
            server.execute(f"drop database {name} with (force)")


def until_gone(server: Server) -> None:
    """Wait until no session of a killed run is left: one may still be making a database."""
    until(lambda: not server.execute("select from pg_stat_activity where application_name like 'litxdb restore%'"))


def databases(server: Server) -> list[str]:
    rows = server.execute("select datname from pg_database where starts_with(datname, %s)", NAME)
    return [name for (name,) in rows]


def check_whole(url: str, said: str) -> None:
    ((which,),) = execute(url, "select which from generation")
    assert which in {"old", "new"}, said
    if which == "new":
        assert execute(url, "select (select count(*) from t), (select count(*) from u)") == [(ROWS, ROWS)], said
        assert execute(url, f"select to_regnamespace('{UNFINISHED}') is null") == [(True,)], said


def test_restore_into_an_empty_database_killed(
    start: Start, made: Backup, server: Server, tmp_path: Path, temporary: Path
) -> None:
    """What is there afterwards is nothing, all of it, or marked."""
    chance = random.Random(SEED)
    for number in range(KILLS):
        with server.database(template="template0") as url:
            process = start("restore", made.name, "--store", tmp_path / "store", "--into", url, "--jobs", "2",
                            env={"TMPDIR": str(temporary)})  # fmt: skip
            moment, means = chance.uniform(0, 2.0), chance.choice(MEANS)
            with contextlib.suppress(TimeoutExpired):
                process.wait(moment)
            process.send_signal(means)
            process.communicate()
            said = f"seed {SEED}, kill {number} by {means.name} after {moment:.3f} s"
            ((marked, there),) = execute(
                url, f"select to_regnamespace('{UNFINISHED}') is not null, to_regclass('generation') is not null"
            )
            if there and not marked:
                check_whole(url, said)
