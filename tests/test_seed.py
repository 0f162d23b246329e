"""The baseline: complete, idempotent, and an operator's edits stay."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from litxdb import migrate
from litxdb.database import Database
from litxdb.errors import Exit, Refused
from litxdb.seed import baseline
from tests.bed.program import Outcome

Run = Callable[..., Outcome]


def seed(db: Database) -> int:
    return sum(row.inserted for row in baseline(db, heads=migrate.heads()))


def ask(db: Database, statement: str) -> list[tuple[Any, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


def change(db: Database, statement: str) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_what_it_holds(db: Database) -> None:
    assert seed(db) == 8
    assert ask(db, "select id, clerk_id, email, is_active from users") == [
        (1, "user_default", "user@example.com", True)
    ]
    assert ask(db, "select id, user_id from user_profiles") == [(1, 1)]
    (settings,) = ask(db, "select value from system_state where key = 'digest_settings'")[0]
    assert settings["similarity_threshold"] == 0.85
    assert settings["embedding_model"] == "text-embedding-3-small"
    assert settings["embedding_dimensions"] == 1536
    assert {"digest_hour", "items_per_digest"} <= set(settings)
    fetchers = ask(db, "select fetcher, status, consecutive_errors, last_error from fetcher_state order by 1")
    assert fetchers == [(name, "idle", 0, None) for name in ("arxiv", "huggingface", "kaggle", "web_search")]


def test_a_second_run_writes_nothing_and_says_so(run: Run, db: Database, db_url: str) -> None:
    assert "8 rows inserted" in run("seed", "--url", db_url).stderr
    before = ask(db, "select last_value from users_id_seq")
    rows = "select ctid, xmin, * from users"
    first = ask(db, rows)
    outcome = run("seed", "--url", db_url)
    assert outcome.code == Exit.DONE
    assert "nothing was written" in outcome.stderr
    assert ask(db, rows) == first
    assert ask(db, "select last_value from users_id_seq") == before


def test_an_operators_edits_stay(db: Database) -> None:
    seed(db)
    change(db, "update system_state set value = '{\"digest_hour\": 6}' where key = 'digest_settings'")
    change(db, "update fetcher_state set status = 'paused', consecutive_errors = 3 where fetcher = 'arxiv'")
    change(db, "update users set first_name = 'Ada', email = 'ada@example.com'")
    assert seed(db) == 0
    assert ask(db, "select value from system_state where key = 'digest_settings'") == [({"digest_hour": 6},)]
    assert ask(db, "select status from fetcher_state where fetcher = 'arxiv'") == [("paused",)]
    assert ask(db, "select first_name from users") == [("Ada",)]


def test_only_what_is_missing_comes_back(db: Database) -> None:
    seed(db)
    change(db, "delete from fetcher_state where fetcher = 'kaggle'")
    change(db, "delete from user_profiles")
    assert seed(db) == 2


def test_the_next_insert_works_on_rows_that_came_with_their_numbers(db: Database) -> None:
    change(db, "insert into users (id, clerk_id, email) values (7, 'a', 'a@example.com'), (8, 'b', 'b@example.com')")
    change(db, "insert into user_profiles (id, user_id) values (40, 7)")
    assert seed(db) == 8
    assert ask(db, "select id from users where clerk_id = 'user_default'") == [(9,)]
    change(db, "insert into users (clerk_id, email) values ('c', 'c@example.com')")
    change(db, "insert into user_profiles (user_id) select id from users where clerk_id = 'c'")
    assert ask(db, "select max(id) from users") == [(10,)]
    assert ask(db, "select max(id) from user_profiles") == [(42,)]


def test_a_sequence_is_never_moved_back(db: Database) -> None:
    change(db, "select setval('users_id_seq', 500)")
    seed(db)
    assert ask(db, "select id from users") == [(1,)]
    change(db, "insert into users (clerk_id, email) values ('c', 'c@example.com')")
    assert ask(db, "select max(id) from users") == [(501,)]


def test_a_default_user_under_another_clerk_id_counts(db: Database) -> None:
    change(db, "insert into users (clerk_id, email) values ('theirs', 'user@example.com')")
    assert seed(db) == 7
    assert ask(db, "select count(*) from users") == [(1,)]


def test_dry_run_says_what_it_would_do_and_does_nothing(run: Run, db: Database, db_url: str) -> None:
    outcome = run("seed", "--dry-run", "--url", db_url, "--format", "json")
    assert sum(row["inserted"] for row in outcome.json["rows"]) == 8
    assert "would be inserted" in outcome.stderr
    assert ask(db, "select count(*) from users") == [(0,)]


def test_several_at_once_insert_once(db_url: str) -> None:
    def one(_: int) -> int:
        with Database(db_url) as db:
            return seed(db)

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(one, range(6))) == [0, 0, 0, 0, 0, 8]


def test_a_failure_half_way_leaves_nothing(db: Database) -> None:
    change(db, "create function no() returns trigger language plpgsql as $$ begin raise 'no'; end $$")
    change(db, "create trigger no before insert on fetcher_state for each row execute function no()")
    with pytest.raises(Exception, match="no"):
        seed(db)
    assert ask(db, "select count(*) from users") == [(0,)]


@pytest.mark.parametrize("revision", [None, "0008_chat"])
def test_a_schema_that_is_not_at_head_is_refused(
    revision: str | None, empty_db: Database, empty_url: str, run: Run
) -> None:
    if revision:
        migrate.upgrade(empty_db, revision)
    with pytest.raises(Refused, match=f"stands at {revision}" if revision else "is empty"):
        seed(empty_db)
    outcome = run("seed", "--url", empty_url)
    assert outcome.code == Exit.REFUSED
    assert "litxdb migrate" in outcome.stderr


def test_the_baseline_is_for_production_too(run: Run, db_url: str) -> None:
    assert run("seed", "--url", db_url, env={"LITXDB_ENV": "production"}).code == Exit.DONE
