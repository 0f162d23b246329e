"""The ledger of erasures: who was erased does not come back, nobody else goes, and nothing in it names anybody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg2.extensions import parse_dsn

from litxdb import backup
from litxdb.database import Database
from litxdb.errors import BackupDamaged, ConfigurationInvalid, Refused
from litxdb.ownership import Policy, litxplore
from litxdb.privacy import Request, erase, ledger_key, read_ledger, replay
from litxdb.settings import Settings
from tests.bed.people import OWNED, settle
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import query

Run = Callable[..., Outcome]
KEY = b"a key of these tests only"


def users(db: Database) -> list[int]:
    return [number for (number,) in query(db, "select id from users order by id")]


def test_a_copy_from_before_loses_the_person_again(server: Server, db: Database, db_url: str, tmp_path: Path) -> None:
    settle(db)
    db.close()
    store = backup.open_store(str(tmp_path / "store"))
    with server.database(template=str(parse_dsn(db_url)["dbname"])) as copy_url, Database(copy_url) as copy:
        done = erase(db, Request("1", litxplore()), key=KEY, beside=store)
        query(copy, "update users set email = 'ada@elsewhere.org' where id = 1")
        entries = read_ledger(store)
        assert entries == (done.entry,)
        (again,) = replay(copy, entries, KEY, policy=litxplore())
        assert again.entry == done.entry
        assert users(copy) == [2, 3]
        assert query(copy, "select count(*) from notes") == [(1,)]
        assert query(copy, "select id from litxdb.erasures") == [(done.entry.id,)]
        assert replay(copy, entries, KEY, policy=litxplore()) == ()
        assert replay(db, entries, KEY, policy=litxplore()) == ()


def test_somebody_else_with_the_same_id_stays(db: Database, tmp_path: Path) -> None:
    settle(db)
    store = backup.open_store(str(tmp_path / "store"))
    erase(db, Request("1", litxplore()), key=KEY, beside=store)
    query(db, "insert into users (id, clerk_id, email) values (1, 'user_new', 'ada@example.org')")
    assert replay(db, read_ledger(store), KEY, policy=litxplore()) == ()
    assert users(db) == [1, 2, 3]


def test_another_key_is_refused(db: Database, tmp_path: Path) -> None:
    settle(db)
    store = backup.open_store(str(tmp_path))
    assert replay(db, read_ledger(store), KEY, policy=litxplore()) == ()
    erase(db, Request("1", litxplore()), key=KEY, beside=store)
    with pytest.raises(Refused, match="people who were erased would come back"):
        replay(db, read_ledger(store), b"another key of these tests", policy=litxplore())


def test_an_older_schema_without_the_person_s_columns(empty_db: Database, db: Database, tmp_path: Path) -> None:
    settle(db)
    store = backup.open_store(str(tmp_path / "store"))
    erase(db, Request("1", litxplore()), key=KEY, beside=store)
    assert replay(empty_db, read_ledger(store), KEY, policy=litxplore()) == ()
    query(empty_db, "create table users (id int primary key)")
    assert replay(empty_db, read_ledger(store), KEY, policy=litxplore()) == ()


@pytest.mark.parametrize("content", [b"", b"{}", b'{"id": 1', b"[]", b"\xff"])
def test_an_entry_that_cannot_be_read_is_no_missing_one(content: bytes, tmp_path: Path) -> None:
    store = backup.open_store(str(tmp_path))
    (tmp_path / "erasure-20260101T000000Z-000000.json").write_bytes(content)
    with pytest.raises(BackupDamaged, match="erasure-20260101T000000Z-000000"):
        read_ledger(store)


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "state")
    made = ledger_key(settings)
    assert len(made) == 64
    assert ledger_key(settings) == made
    assert (tmp_path / "state/erasure.key").stat().st_mode & 0o777 == 0o600
    given = Settings(state=tmp_path / "state", erasure_key="given by the environment")
    assert ledger_key(given) == b"given by the environment"
    with pytest.raises(ConfigurationInvalid, match="fewer than 16"):
        ledger_key(Settings(erasure_key="short"))
    for damaged in ("", "short\n"):
        (tmp_path / "state/erasure.key").write_text(damaged)
        with pytest.raises(ConfigurationInvalid, match="is damaged"):
            ledger_key(settings)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationInvalid, match="cannot be used"):
        ledger_key(Settings(state=tmp_path / "file"))


def test_all_of_the_person_s_rows_are_counted_in_the_entry(db: Database, tmp_path: Path) -> None:
    settle(db)
    done = erase(db, Request("1", litxplore()), key=KEY)
    assert done.entry.rows == sum(OWNED.values()) + 4
    assert done.ledgers == ("litxdb.erasures",)


@pytest.mark.parametrize("replace", [False, True])
def test_restoring_a_backup_brings_nobody_back(
    replace: bool, server: Server, db: Database, db_url: str, run: Run
) -> None:
    settle(db)
    db.close()
    assert run("backup", "--store", "store", "--quiet", "--url", db_url).code == 0
    outcome = run("erase-user", "1", "--yes", "--no-export", "--store", "store", "--url", db_url)
    assert outcome.code == 0, outcome.stderr
    with server.database() as empty:
        target = db_url if replace else empty
        words = ("latest", "--store", "store", "--into", target, "--yes", *(["--replace"] if replace else []))
        refused = run("restore", *words, env={"LITXDB_ERASURE_KEY": "another key of these tests"})
        assert refused.code == 6
        assert "people who were erased would come back" in refused.stderr
        outcome = run("restore", *words)
        assert outcome.code == 0, outcome.stderr
        assert "erased again: 1 of those" in outcome.stderr
        with Database(target) as restored:
            assert users(restored) == [2, 3]
            assert "Ada's" not in str(query(restored, "select content from notes"))
            assert query(restored, "select count(*) from litxdb.erasures") == [(1,)]
        if replace:
            assert run("restore", "--drop-old", "--into", target, "--yes").code == 0


def test_the_replaced_database_s_own_ledger_counts(db: Database, db_url: str, run: Run) -> None:
    settle(db)
    db.close()
    assert run("backup", "--store", "store", "--quiet", "--url", db_url).code == 0
    outcome = run("erase-user", "1", "--yes", "--no-export", "--url", db_url)
    assert "no backup store is known" in outcome.stderr
    outcome = run("restore", "latest", "--store", "store", "--into", db_url, "--replace", "--yes")
    assert outcome.code == 0, outcome.stderr
    assert users(db) == [2, 3]
    assert run("restore", "--drop-old", "--into", db_url, "--yes").code == 0


def test_people_of_a_table_that_the_policy_is_not_about(empty_db: Database, tmp_path: Path) -> None:
    query(empty_db, "create table people (id int primary key); insert into people values (1), (2)")
    policy = Policy("people", lookup=())
    store = backup.open_store(str(tmp_path / "store"))
    erase(empty_db, Request("1", policy, by_key=True), key=KEY, beside=store)
    query(empty_db, "insert into people values (1)")
    with pytest.raises(Refused, match=r"people in public\.people, and the policy is about users"):
        replay(empty_db, read_ledger(store), KEY, policy=litxplore())
    assert len(replay(empty_db, read_ledger(store), KEY, policy=policy)) == 1
