"""The ledger of erasures: who was erased does not come back, nobody else goes, and nothing in it names anybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg2.extensions import parse_dsn

from litxdb import backup
from litxdb.database import Database
from litxdb.errors import BackupDamaged, ConfigurationInvalid, Refused
from litxdb.ownership import litxplore
from litxdb.privacy import Request, erase, ledger_key, read_ledger, replay
from litxdb.settings import Settings
from tests.bed.people import OWNED, settle
from tests.bed.servers import Server
from tests.bed.statements import query

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
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationInvalid, match="cannot be used"):
        ledger_key(Settings(state=tmp_path / "file"))


def test_all_of_the_person_s_rows_are_counted_in_the_entry(db: Database, tmp_path: Path) -> None:
    settle(db)
    done = erase(db, Request("1", litxplore()), key=KEY)
    assert done.entry.rows == sum(OWNED.values()) + 4
    assert done.ledgers == ("litxdb.erasures",)
