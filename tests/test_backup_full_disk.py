"""A disk that fills up while a backup is restored or verified: it is said which, and nothing half done stays unsaid."""

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from litxdb import backup
from litxdb.backup.empty import UNFINISHED
from litxdb.database import Database
from litxdb.errors import ConfigurationInvalid
from tests.bed import disks
from tests.bed.program import Outcome
from tests.bed.servers import Server, Servers
from tests.bed.statements import execute

Run = Callable[..., Outcome]
DATABASE = "on_a_small_disk"
MEGABYTES = 40
"""Room for two empty databases, and not for what is restored."""

pytestmark = pytest.mark.root


@pytest.fixture
def made(empty_url: str, place: Path) -> backup.Backup:
    execute(empty_url, "create table large (a text); alter table large alter a set storage external")
    execute(empty_url, "insert into large select repeat(md5(n::text), 250) from generate_series(1, 6000) n")
    with Database(empty_url) as db:
        return backup.make(db, backup.open_store(str(place)))


@pytest.fixture(params=[15, 18])
def full(request: pytest.FixtureRequest, postgresql: Servers, bed_directory: Path) -> Iterator[Server]:
    """A server with a database in a tablespace that is a small disk; WAL is elsewhere, so that the server lives on."""
    server = postgresql.get(request.param)
    with disks.small(bed_directory / "small-disk", MEGABYTES) as disk:
        (disk / "tablespace").mkdir()
        os.chown(disk / "tablespace", server.cluster.account.uid, -1)
        server.execute(f"create tablespace small location '{disk / 'tablespace'}'")
        try:
            server.execute(f"create database {DATABASE} tablespace small")
            yield server
        finally:
            for name in databases(server):
                server.execute(f"drop database {name} with (force)")
            server.execute("drop tablespace small")


def databases(server: Server) -> list[str]:
    rows = server.execute("select datname from pg_database where starts_with(datname, %s) order by 1", DATABASE)
    return [name for (name,) in rows]


def test_into_an_empty_database(run: Run, made: backup.Backup, place: Path, full: Server) -> None:
    words = ("restore", made.name, "--into", full.url(DATABASE), "--store", place)
    answer = run(*words)
    assert answer.code == 5
    assert "The server's disk is full: could not " in answer.stderr
    assert f"a part of the backup is left in {DATABASE}" in answer.stderr
    assert execute(full.url(DATABASE), f"select to_regnamespace('{UNFINISHED}') is not null") == [(True,)]
    assert run(*words).code == 6
    full.execute(f"drop database {DATABASE}")
    full.execute(f"create database {DATABASE}")
    assert run(*words).code == 0


def test_in_the_place_of_another(run: Run, made: backup.Backup, place: Path, full: Server) -> None:
    """The new one goes where the old one is, and goes again; the old one is as it was."""
    url = full.url(DATABASE)
    execute(url, "create table old as select 1 as one")
    answer = run("restore", made.name, "--into", url, "--store", place, "--replace", "--yes")
    assert answer.code == 5
    assert "The server's disk is full: could not " in answer.stderr
    assert "is left in" not in answer.stderr
    assert databases(full) == [DATABASE]
    assert execute(url, "select one from old") == [(1,)]


def test_verifying_beside_a_database(run: Run, made: backup.Backup, place: Path, full: Server) -> None:
    """That is no proof against the backup."""
    answer = run("verify", "--store", place, "--into", full.url(DATABASE))
    assert answer.code == 5
    assert "The server's disk is full: could not " in answer.stderr
    assert databases(full) == [DATABASE]
    assert backup.inventory(backup.open_store(str(place))).backups[0].proofs == ()


def test_verifying_on_the_scratch_server(run: Run, made: backup.Backup, place: Path, bed_directory: Path) -> None:
    """There is room for half of it, which may be all that comes out: so it is tried."""
    with disks.small(bed_directory / "small-home", 80) as home:
        answer = run("verify", "--store", place, env={"LITXDB_HOME": str(home)})
        assert answer.code == 3
        assert f"The disk is full on which the scratch server is, in {home}" in answer.stderr
        assert "set LITXDB_HOME" in answer.stderr
        assert not (home / "scratch" / "data").exists()
    assert backup.inventory(backup.open_store(str(place))).backups[0].proofs == ()
    assert run("verify", "--store", place).code == 0


def no_room(directory: Path) -> str:
    return rf"{directory} has \d+ MB free, and restoring \S+ takes at least \d+ MB there\."


def test_no_room_on_the_scratch_server(
    run: Run, empty_url: str, made: backup.Backup, place: Path, bed_directory: Path
) -> None:
    """That is said before anything is unpacked; whoever wanted a backup, too, hears that it was made."""
    with disks.small(bed_directory / "small-home", 60) as home:
        there = {"LITXDB_HOME": str(home)}
        verified = run("verify", "--store", place, env=there)
        assert verified.code == 3
        assert re.search(no_room(home / "scratch" / "data"), verified.stderr)
        assert "set LITXDB_HOME to a directory on a larger disk" in verified.stderr
        also = run("backup", "--store", place, "--url", empty_url, "--verify", "--quiet", env=there)
        assert also.code == 3
        assert re.search(no_room(home / "scratch" / "data"), also.stderr)
        found = backup.inventory(backup.open_store(str(place))).backups
        assert [each.proofs for each in found] == [(), ()]
        assert f"The backup {found[0].name} was made" in also.stderr


def test_no_room_beside_what_is_unpacked(
    made: backup.Backup, bed_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is room for the database, and none for the archive as well."""
    with disks.small(bed_directory / "small-disk", 60) as disk:
        backup.require_room(disk, made.manifest)
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        with pytest.raises(ConfigurationInvalid):
            backup.require_room(disk, made.manifest)


def test_no_room_on_the_embedded_server(run: Run, made: backup.Backup, place: Path, bed_directory: Path) -> None:
    with disks.small(bed_directory / "small-home", 60) as home:
        there = {"LITXDB_HOME": str(home)}
        try:
            assert run("local", "start", env=there).code == 0
            url = run("local", "url", env=there).stdout.strip()
            names = "select datname from pg_database order by 1"
            before = execute(url, names)
            for words in ((), ("--replace", "--yes")):
                answer = run("restore", made.name, "--into", url, "--store", place, *words, env=there)
                assert answer.code == 3
                assert re.search(no_room(home / "local" / "data"), answer.stderr)
                assert execute(url, f"select to_regnamespace('{UNFINISHED}')") == [(None,)]
                assert execute(url, names) == before
        finally:
            run("local", "stop", env=there)
