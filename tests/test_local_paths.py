"""The embedded server wherever its directory is, and whatever that is called."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy

from litxdb.errors import ConfigurationInvalid, ConnectionFailed
from litxdb.local import Cluster, sockets
from tests.bed.homes import ask, connect

LONG = "a-name-of-a-hundred-and-twenty-characters" * 3


@pytest.mark.parametrize(
    "name",
    [
        "my place",
        "it's",
        "100%20",
        "$HOME",
        'say "hi"',
        "a,b",
        "a:b",
        "back\\slash",
        "größe-日本",
        "-D",
        "@abstract",
        LONG,
    ],
)
def test_any_name_of_a_directory_works(home: Path, name: str) -> None:
    cluster = Cluster(home / name)
    cluster.start()
    assert Path(ask(cluster, "show data_directory")) == home / name / "data"
    with closing(psycopg2.connect(cluster.url())) as session, session.cursor() as cursor:
        cursor.execute("show data_directory")
        assert cursor.fetchone() == (str(cluster.data),)
    engine = sqlalchemy.create_engine(cluster.url().replace("postgresql://", "postgresql+psycopg2://"))
    with engine.connect() as session:
        assert session.execute(sqlalchemy.text("show data_directory")).scalar() == str(cluster.data)
    engine.dispose()
    psql = [cluster.binaries.bin / "psql", "-XAtd", cluster.url(), "-c", "show data_directory"]
    assert subprocess.run(psql, capture_output=True, text=True, check=True).stdout.strip() == str(cluster.data)
    cluster.stop()
    assert not cluster.running()
    cluster.destroy()
    assert not Path(cluster.parameters()["host"]).exists()


def test_a_line_break_in_the_name_is_refused(home: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="line break"):
        Cluster(home / "a\nb")


def test_missing_parents_are_made(home: Path) -> None:
    cluster = Cluster(home / "not" / "yet" / "there")
    cluster.start()
    assert cluster.running()


def test_a_relative_path_means_the_same_after_changing_directory(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    cluster = Cluster(Path("here"))
    monkeypatch.chdir("/")
    cluster.start()
    assert cluster.data == home / "here" / "data"


def test_a_long_path_is_found_from_a_process_with_another_temporary_directory(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "tmp").mkdir()
    (home / "tmp").chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(home / "tmp"))
    Cluster(home / LONG).start()
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    cluster = Cluster(home / LONG)
    assert cluster.running()
    assert cluster.parameters()["host"].startswith(str(home / "tmp"))


def test_a_socket_directory_that_others_could_use_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    cluster = Cluster(home / LONG)
    trap = sockets.directory_for(cluster.data, cluster.account)
    assert hashlib.sha256(os.fsencode(cluster.data)).hexdigest()[:12] in trap.name
    trap.mkdir()
    trap.chmod(0o777)
    with pytest.raises(ConfigurationInvalid, match="not a private directory"):
        cluster.start()
    assert trap.stat().st_mode & 0o777 == 0o777
    trap.rmdir()
    trap.symlink_to(home)
    with pytest.raises(ConfigurationInvalid, match="not a private directory"):
        cluster.start()


def test_neighbours_whose_paths_contain_one_another_do_not_disturb_each_other(home: Path) -> None:
    one, two = Cluster(home / "pg"), Cluster(home / "pg2")
    two.start()
    born = ask(two, "select pg_postmaster_start_time()")
    one.start()
    one.stop()
    one.destroy()
    one.start()
    assert ask(two, "select pg_postmaster_start_time()") == born
    assert ask(one, "show data_directory") == str(one.data)


def test_a_link_to_a_cluster_is_the_same_cluster(home: Path) -> None:
    cluster = Cluster(home / "pg")
    cluster.start()
    (home / "link").symlink_to(home / "pg")
    alias = Cluster(home / "link")
    assert alias.running()
    alias.stop()
    assert not cluster.running()


def test_a_copy_of_a_running_cluster_is_a_cluster_of_its_own(home: Path) -> None:
    original = Cluster(home / "original")
    original.start()
    ask(original, "create table only_here ()")
    subprocess.run(["cp", "-a", original.directory, home / "copy"], check=True)
    copy = Cluster(home / "copy")
    assert not copy.running()
    copy.stop()
    assert original.running()
    copy.start()
    assert ask(copy, "show data_directory") == str(copy.data)
    copy.destroy()
    assert original.running()
    assert original.data.is_dir()


def test_a_cluster_moved_while_it_runs_says_so_and_can_be_stopped(home: Path) -> None:
    Cluster(home / "before").start()
    (home / "before").rename(home / "after")
    moved = Cluster(home / "after")
    with pytest.raises(ConnectionFailed, match=r"was .*before/data when its server"):
        moved.start()
    moved.stop()
    moved.start()
    assert ask(moved, "show data_directory") == str(moved.data)


def test_variables_of_the_environment_do_not_redirect_the_session(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilers = {
        "PGHOSTADDR": "192.0.2.1",
        "PGPORT": "1",
        "PGSSLMODE": "require",
        "PGCHANNELBINDING": "require",
        "PGGSSENCMODE": "require",
        "PGOPTIONS": "-c default_transaction_read_only=on",
        "PGDATA": "/nowhere",
        "PGUSER": "somebody",
    }
    for name, value in spoilers.items():
        monkeypatch.setenv(name, value)
    cluster = Cluster(home / "pg")
    cluster.start()
    with closing(connect(cluster)) as session:
        assert session.info.user == "postgres"
    assert cluster.running()


def test_what_is_in_the_way_is_left_alone(home: Path) -> None:
    cluster = Cluster(home)
    (home / "data").mkdir()
    (home / "data" / "diary.txt").write_text("mine")
    with pytest.raises(ConfigurationInvalid, match="is not a PostgreSQL data directory"):
        cluster.start()
    assert (home / "data" / "diary.txt").read_text() == "mine"
    shutil.rmtree(home / "data")
    (home / "file").write_text("")
    with pytest.raises(ConfigurationInvalid, match="cannot use"):
        Cluster(home / "file").start()
    with pytest.raises(ConfigurationInvalid, match="cannot use"):
        Cluster(home / "file" / "below").start()
