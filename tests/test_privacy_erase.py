"""Erasing a person: what goes, what stays and why, and that nothing is half done whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litxdb.database import Database
from litxdb.errors import LockHeld, Refused
from litxdb.ownership import litxplore, parse
from litxdb.privacy import Request, erase, preview
from tests.bed.faults import cut_at
from tests.bed.people import OWNED, settle
from tests.bed.program import Outcome
from tests.bed.queueing import Queue
from tests.bed.servers import Server
from tests.bed.statements import as_role, query
from tests.test_ownership import ODD, ROWS

Run = Callable[..., Outcome]
KEY = b"a key of these tests only"
ADA = Request("1", litxplore())
FOREIGN = {"bookmarks": 1, "chat_messages": 1, "feedback": 1, "shared_reviews": 1}
"""Rows of others that hang on Ada's."""


@pytest.fixture
def people(db: Database, db_url: str) -> str:
    settle(db)
    return db_url


def counts(db: Database) -> dict[str, int]:
    """Count the rows of each table."""
    tables = [name for (name,) in query(db, "select tablename from pg_tables where schemaname = 'public'")]
    return {table: query(db, f'select count(*) from "{table}"')[0][0] for table in tables}


def contents(db: Database) -> dict[str, list[Any]]:
    """Return all rows of all tables, as text."""
    return {table: query(db, f'select t::text from "{table}" t order by 1') for table in counts(db)}


def erase_user(run: Run, url: str, *words: str | Path, who: str = "1") -> Outcome:
    return run("erase-user", who, "--yes", "--no-export", "--store", "store", "--url", url, *words)


def test_without_yes_nothing_happens(run: Run, db: Database, people: str) -> None:
    before = contents(db)
    outcome = run("erase-user", "1", "--url", people, "--format", "json")
    assert outcome.code == 0, outcome.stderr
    assert contents(db) == before
    assert list(Path().iterdir()) == []
    rows = outcome.json["rows"]
    own = {each["table"]: each["rows"] for each in rows if each["action"] == "delete" and not each["others"]}
    assert own == {f"public.{table}": number for table, number in OWNED.items()}
    lost = {each["table"]: each["rows"] for each in rows if each["action"] == "delete" and each["others"]}
    assert lost == {f"public.{table}": number for table, number in FOREIGN.items()}
    others = [each for each in rows if each["action"] != "delete"]
    kept = {(each["table"], each["column"], each["action"], each["rows"]) for each in others}
    assert kept == {
        ("public.user_activity", "entity_id", "retain", 1),
        ("public.user_activity", "entity_id", "set null", 1),
        ("public.teams", None, "retain", 1),
        ("public.sources", None, "retain", 1),
    }


def test_a_person_is_gone_and_nobody_else(run: Run, db: Database, people: str) -> None:
    before = counts(db)
    words = ("--yes", "-o", "ada.zip", "--certificate", "c.json", "--store", "store")
    outcome = run("erase-user", "ADA@example.org", *words, "--url", people)
    assert outcome.code == 0, outcome.stderr
    gone = {table: before[table] - number for table, number in counts(db).items() if number != before[table]}
    assert gone == {table: number + FOREIGN.get(table, 0) for table, number in OWNED.items()}
    left = json.dumps(contents(db))
    for trace in ("ada@example.org", "user_ada", "Ada on", "Ada asks", "On graphs", "pro,active"):
        assert trace not in left
    for kept in ("bob@example.org", "secret of Bob", "Bob is answered", "On trees", "Nobody", "Both"):
        assert kept in left
    assert query(db, "select entity_id from user_activity where entity_type = 'user'") == [(None,)]
    assert query(db, "select entity_id from user_activity where entity_type = 'review'") == [("11",)]
    assert Path("ada.zip").exists()
    assert "nothing outside" in outcome.stdout


def test_the_certificate_and_the_ledger_name_nobody(run: Run, db: Database, people: str) -> None:
    assert run("backup", "--store", "store", "--quiet", "--url", people).code == 0
    outcome = erase_user(run, people, "--certificate", "c.json", "--backups-kept", "30")
    assert outcome.code == 0, outcome.stderr
    paper = Path("c.json")
    assert paper.stat().st_mode & 0o777 == 0o600
    certificate = json.loads(paper.read_text())
    (backup,) = certificate["backups"]
    assert backup["until"] > backup["snapshot_at"]
    assert certificate["proof"]["mentions"] == []
    (entry,) = [json.loads(path.read_text()) for path in Path("store").glob("erasure-*.json")]
    assert entry == certificate["entry"]
    ((row,),) = query(db, "select to_jsonb(e) from litxdb.erasures e")
    assert (row["id"], row["subject"], row["rows"]) == (entry["id"], entry["subject"], entry["rows"])
    for text in (paper.read_text(), json.dumps(entry), json.dumps(row)):
        assert "ada" not in text.lower().replace("adat", "")
        assert '"1"' not in text
    assert run("backups", "--store", "store").code == 0  # the ledger is no damaged backup


def test_backups_that_are_not_whole_may_hold_the_data(run: Run, people: str) -> None:
    """One under way or killed, and one whose manifest is gone; not those of another database."""
    assert run("backup", "--store", "store", "--quiet", "--url", people).code == 0
    (manifest,) = Path("store").glob("*.manifest.json")
    whole = manifest.name.removesuffix(".manifest.json")
    slug = whole.partition("-")[0]
    begun, lost = f"{slug}-20260101T000000Z-000001", f"{slug}-20260102T000000Z-000002"
    files = (f"{begun}.dump.zst.partial", f"{lost}.dump.zst", f"{slug}x-20260103T000000Z-000003.dump.zst", "notes.txt")
    for file in files:
        Path("store", file).write_bytes(b"x")
    outcome = erase_user(run, people, "--certificate", "c.json", "--backups-kept", "30")
    assert outcome.code == 0, outcome.stderr
    named = {each["backup"]: each["until"] for each in json.loads(Path("c.json").read_text())["backups"]}
    assert set(named) == {whole, begun, lost}
    assert named[whole]
    assert f"perhaps in what there is of the backup {begun}, until it is pruned" in outcome.stdout


def test_another_machine_needs_the_same_key(run: Run, db: Database, people: str, tmp_path: Path) -> None:
    """Entries under two keys could be read by nobody: nothing is exported or erased, and no other key is made."""
    key = {"LITXDB_ERASURE_KEY": "the key of the first machine"}
    words = ("erase-user", "2", "--yes", "--store", "store", "--url", people)
    assert run("erase-user", "1", *words[2:], "--no-export", env=key).code == 0
    state = {"LITXDB_STATE": str(tmp_path / "another")}
    for store in ("store", "elsewhere"):  # the database has its entries too
        outcome = run(*words[:4], store, *words[5:], env=state)
        assert outcome.code == 6
        assert "this machine has no key to it" in outcome.stderr
        assert run(*words[:4], store, *words[5:], env={"LITXDB_ERASURE_KEY": "the key of the second"}).code == 6
    assert not (tmp_path / "another/erasure.key").exists()
    assert list(Path().glob("*.zip")) == []
    assert counts(db)["users"] == 2
    assert run(*words, env=key).code == 0


def test_no_such_person_and_twice(run: Run, people: str) -> None:
    assert erase_user(run, people, who="99").code == 2
    assert erase_user(run, people).code == 0
    assert erase_user(run, people).code == 2
    assert len(list(Path("store").glob("erasure-*"))) == 1


def test_mentions_in_other_people_s_rows_become_a_pseudonym(run: Run, db: Database, people: str) -> None:
    query(
        db,
        "create table letters (id int primary key, body text, about jsonb, raw json, tags text[], created_by text);"
        "insert into letters values"
        " (1, 'To ADA@example.org, ada@example.org ada@example.org. Not to xada@example.org', null, null, null, null),"
        ' (2, null, \'{"user_id": 1, "mail": "ada@example.org", "x_owner_id": "1"}\','
        " '{\"owner_id\":  \"1\"}', '{a,user_ada}', 1),"
        " (3, 'ada@example.organic', '{\"user_id\": 12}', null, '{user_adam}', '12');"
        "update notes set content = 'ask ada@example.org' where paper_id = 2",
    )
    policy = Path("policy.toml")
    shipped = Path(__file__).parent.parent / "litxdb/ownership/litxplore.toml"
    policy.write_text(shipped.read_text() + '\n[[soft]]\ncolumn = "letters.created_by"\ntarget = "users.id"\n')
    outcome = erase_user(run, people, "--policy", policy)
    assert outcome.code == 0, outcome.stderr
    rows = query(db, "select body, about, raw, tags, created_by from letters order by id")
    body, *_ = rows[0]
    pseudonym = body.split()[1].rstrip(",")
    assert pseudonym.startswith("erased-")
    assert body == f"To {pseudonym}, {pseudonym} {pseudonym}. Not to xada@example.org"
    assert rows[1] == (
        None, {"user_id": None, "mail": pseudonym, "x_owner_id": None}, {"owner_id": None}, ["a", pseudonym], None,
    )  # fmt: skip
    assert rows[2] == ("ada@example.organic", {"user_id": 12}, None, ["user_adam"], "12")
    assert query(db, "select content from notes") == [(f"ask {pseudonym}",)]


def test_any_schema_with_cycles_and_rows_that_are_kept(any_db: Database) -> None:
    query(any_db, ODD)
    query(any_db, ROWS)
    query(
        any_db,
        "create table bills (id int primary key, tenant int, payer int, name text not null, note text,"
        " foreign key (tenant, payer) references people on delete cascade);"
        "create table posts (id int primary key, tenant int, editor int,"
        " foreign key (tenant, editor) references people);"
        "create table pins (post int references hens on delete restrict);"
        "insert into bills values (1, 1, 2, 'Ada', 'x'), (2, 2, 1, 'Bob', 'y');"
        "insert into posts values (1, 1, 3), (2, 2, 1)",
    )
    policy = parse(
        'root = "people"\nlookup = []\n[kept]\n"posts.tenant,editor" = "the shop\'s"\n"pins.post" = "a shop\'s"\n'
        '[retained.bills]\nreason = "ten years by law"\nreplace = ["name", "note"]',
        "here",
    )
    request = Request("1,1", policy, by_key=True)
    query(any_db, "insert into pins values (4)")
    changes = {(each.table, each.action, each.rows) for each in preview(any_db, request).changes}
    assert ("public.posts", "set null", 1) in changes
    assert ("public.bills", "pseudonymise", 1) in changes
    assert ("public.pins", "set null", 1) in changes
    done = erase(any_db, request, key=KEY)
    assert done.entry.rows == 16
    assert query(any_db, "select tenant, id from people order by 1") == [(1, 9), (2, 1)]
    assert query(any_db, "select id, tenant, editor from posts order by id") == [(1, None, None), (2, 2, 1)]
    (kept, other) = query(any_db, "select id, tenant, payer, name, note from bills order by id")
    assert (kept[:3], kept[4]) == ((1, None, None), None)
    assert kept[3].startswith("erased-")
    assert other == (2, 2, 1, "Bob", "y")
    assert query(any_db, "select id from hens") == [(3,)]


def test_what_stands_in_the_way_is_named(run: Run, db: Database, people: str) -> None:
    query(db, "create table pins (review int not null references literature_reviews); insert into pins values (11)")
    policy = Path("policy.toml")
    shipped = Path(__file__).parent.parent / "litxdb/ownership/litxplore.toml"
    policy.write_text(shipped.read_text().replace("[labels]", '[kept]\n"pins.review" = "the shop\'s"\n[labels]'))
    for words in ((), ("--yes",)):
        outcome = run("erase-user", "1", "--policy", policy, "--url", people, *words)
        assert outcome.code == 1
        assert "1 rows of public.pins.review" in outcome.stderr
    assert counts(db)["users"] == 3
    with pytest.raises(Refused, match=r"public\.pins\.review"):
        erase(db, Request("1", parse(policy.read_text(), "x")), key=KEY)


def test_a_trigger_that_brings_the_person_back_undoes_everything(db: Database) -> None:
    settle(db)
    query(
        db,
        "create table archive (body text); create function keep() returns trigger language plpgsql as "
        "$$ begin insert into archive values (old.email); return old; end $$;"
        "create trigger keep before delete on users for each row execute function keep()",
    )
    before = contents(db)
    with pytest.raises(Refused, match=r"1 in public\.archive\.body"):
        erase(db, ADA, key=KEY)
    assert contents(db) == before
    query(
        db,
        "create or replace function keep() returns trigger language plpgsql as $$ begin return null; end $$;"
        "create trigger keep before delete on notes for each row execute function keep()",
    )
    with pytest.raises(Exception, match=r"instead of|foreign key"):
        erase(db, ADA, key=KEY)
    assert contents(db) == before


def test_a_lock_of_the_application_is_named(run: Run, db: Database, people: str) -> None:
    before = contents(db)
    with Queue(people) as queue:
        pid = queue.hold("update papers set title = title where id = 1", application="worker")
        outcome = erase_user(run, people, "--lock-timeout", "5")
        assert outcome.code == 5
        assert f"worker, pid {pid}" in outcome.stderr
        assert "Nothing was erased" in outcome.stderr
    assert contents(db) == before
    assert list(Path().glob("erasure-*")) == []
    assert list(Path().glob("store/*")) == []


def test_a_table_that_the_application_holds_is_told_within_the_time(run: Run, db: Database, people: str) -> None:
    before = contents(db)
    with Queue(people) as queue:
        pid = queue.hold("lock table notes in access exclusive mode", application="worker")
        for words in ((), ("--yes", "--no-export")):
            outcome = run("erase-user", "1", *words, "--lock-timeout", "3", "--url", people)
            assert outcome.code == 5
            assert "not free within 3 s" in outcome.stderr
            assert f"worker, pid {pid}" in outcome.stderr
            assert f"wait longer with --lock-timeout, or: litxdb terminate {pid}" in " ".join(outcome.stderr.split())
    assert contents(db) == before
    assert list(Path().iterdir()) == []


def until_it_waits(queue: Queue, process: Any) -> None:
    """Return once the erasure waits for a lock."""
    waiting = (
        "select 1 from pg_stat_activity where application_name = 'litxdb erase-user' and wait_event_type = 'Lock' "
        "and datname = current_database()"
    )
    while not queue.ask(waiting):
        assert process.poll() is None
        time.sleep(0.01)


def test_nothing_can_be_hung_on_the_person_meanwhile(db: Database, people: str, start: Callable[..., Any]) -> None:
    with Queue(people) as queue:
        holder = queue.hold("select 1 from preference_weights where user_profile_id = 1 for update")
        process = start("erase-user", "1", "--yes", "--no-export", "--lock-timeout", "60", "--url", people)
        until_it_waits(queue, process)
        queue.wait("insert into notes (paper_id, note_type, content) values (1, 'x', 'too late')")
        queue.ask("select pg_terminate_backend(%s)", holder)
        assert process.wait(60) == 0
    assert query(db, "select count(*) from notes where content <> 'Bob''s'") == [(0,)]


def test_two_erasures_at_once(db: Database, people: str) -> None:
    from litxdb.database.advisory import acquire
    from litxdb.privacy.erase import ERASURE

    before = contents(db)
    connection = db.connect(direct=True, autocommit=True)
    try:
        acquire(connection, ERASURE, 0, subject="x", notify=str)
        with pytest.raises(LockHeld, match="Another erasure in this database is running"):
            erase(db, ADA, key=KEY)
    finally:
        connection.close()
    assert contents(db) == before
    assert erase(db, ADA, key=KEY).entry.rows == sum(OWNED.values()) + sum(FOREIGN.values())


@pytest.mark.parametrize("others", ["1", "2"])
def test_two_processes_at_once(others: str, db: Database, people: str, start: Callable[..., Any], run: Run) -> None:
    """While one waits for a lock, the other ends at once, says why, and leaves nothing."""
    words = ("--yes", "--no-export", "--lock-timeout", "60", "--store", "store", "--url", people)
    with Queue(people) as queue:
        pid = queue.hold("select 1 from preference_weights where user_profile_id = 1 for update")
        first = start("erase-user", "1", *words, "--certificate", "one.json")
        until_it_waits(queue, first)
        second = start("erase-user", others, *words, "--certificate", "two.json")
        _, said = second.communicate(timeout=60)
        assert second.returncode == 75
        assert "Another erasure in this database is running (litxdb erase-user, pid" in said
        queue.ask("select pg_terminate_backend(%s)", pid)
        assert first.wait(60) == 0
    assert sorted(path.name for path in Path().glob("*.json*")) == ["one.json"]
    assert len(list(Path("store").glob("erasure-*.json"))) == 1
    assert query(db, "select id from users order by id") == [(2,), (3,)]
    assert run("erase-user", others, *words).code == (2 if others == "1" else 0)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_half_done_when_it_is_stopped(
    number: signal.Signals, db: Database, people: str, start: Callable[..., Any]
) -> None:
    before = contents(db)
    with Queue(people) as queue:
        queue.hold("select 1 from notes for update")
        process = start("erase-user", "1", "--yes", "--no-export", "--lock-timeout", "60", "--url", people)
        until_it_waits(queue, process)
        process.send_signal(number)
        process.communicate(timeout=30)
        ours = "from pg_stat_activity where application_name = 'litxdb erase-user' and datname = current_database()"
        while queue.ask(f"select 1 {ours}"):  # what kill -9 leaves would wait until the lock is free
            queue.ask(f"select pg_terminate_backend(pid) {ours}")
            time.sleep(0.01)
    assert process.returncode == {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert contents(db) == before
    assert list(Path().glob("erasure-*")) == []


def test_a_role_without_rights_on_one_table(server: Server, db: Database, run: Run) -> None:
    settle(db)
    before = contents(db)
    lesser = as_role(server, db, "eraser")
    query(
        db,
        "grant select, update, delete on all tables in schema public to eraser; revoke delete on notes from eraser;"
        "grant usage, create on schema litxdb to eraser; grant select on all tables in schema litxdb to eraser",
    )
    url = str(lesser.settings.url)
    outcome = erase_user(run, url)
    assert outcome.code == 5
    assert "permission denied for table notes" in outcome.stderr
    assert contents(db) == before
    query(db, "grant delete on notes to eraser")
    assert erase_user(run, url).code == 0


def test_a_certificate_that_cannot_be_written_stops_it_before(run: Run, db: Database, people: str) -> None:
    assert erase_user(run, people, "--certificate", "missing/c.json").code == 3
    Path("c.json").write_text("mine")
    assert erase_user(run, people, "--certificate", "c.json").code == 6
    assert counts(db)["users"] == 3


def test_a_store_that_cannot_be_written_undoes_it(run: Run, db: Database, people: str) -> None:
    Path("store").write_text("no directory")
    outcome = erase_user(run, people)
    assert outcome.code == 3
    assert counts(db)["users"] == 3


def test_an_export_with_gaps_stops_it(run: Run, db: Database, people: str) -> None:
    query(db, "create table letters (body text); insert into letters values ('ada@example.org')")
    outcome = run("erase-user", "1", "--yes", "-o", "x.zip", "--store", "store", "--url", people)
    assert outcome.code == 6
    assert "public.letters.body" in outcome.stderr
    assert counts(db)["users"] == 3
    assert erase_user(run, people).code == 0
    assert query(db, "select body ~ '^erased-[0-9a-f]{8}$' from letters") == [(True,)]


def test_more_of_other_people_than_was_agreed_to(db: Database) -> None:
    settle(db)
    agreed = preview(db, ADA)
    query(db, "insert into bookmarks (user_id, paper_id) values (3, 1)")
    with pytest.raises(Refused, match="rows of other people would be lost by now"):
        erase(db, ADA, key=KEY, agreed=agreed)
    assert counts(db)["users"] == 3


def test_somebody_else_with_the_same_mail_in_other_capitals(db: Database) -> None:
    settle(db)
    query(db, "update users set email = 'ADA@example.org' where id = 2")
    query(db, "update notes set content = 'ask Ada@example.org' where paper_id = 2")
    planned = [each for each in preview(db, ADA).changes if each.table == "public.users" and each.others]
    assert [(each.action, each.column, each.rows) for each in planned] == [("retain", "email", 1)]
    erase(db, ADA, key=KEY)
    assert query(db, "select id, email from users order by id") == [(2, "ADA@example.org"), (3, "Eve@example.org")]
    assert query(db, "select content ~ '^ask erased-' from notes") == [(True,)]


def test_a_person_whose_name_is_hostile(db: Database) -> None:
    settle(db)
    mail = "o'neil+\\d[x].*%s\"@example.org"
    clerk = "$1\\1&%(x)s"
    with contextlib.closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute("update users set email = %s, clerk_id = %s where id = 1", [mail, clerk])
        cursor.execute("update notes set content = %s where paper_id = 2", [f"to {mail.upper()}, {clerk}"])
    done = erase(db, Request(mail, litxplore()), key=KEY)
    assert done.proof.mentions == ()
    ((content,),) = query(db, "select content from notes")
    assert content.count("erased-") == 2


@pytest.mark.parametrize("full", ["certificate", "export", "store", "state"])
def test_a_disk_that_is_full(full: str, run: Run, db: Database, people: str, small_disk: Path, tmp_path: Path) -> None:
    """Whatever cannot be written: nobody is erased, nothing is left, and with room it works."""
    before = contents(db)
    places = {name: (small_disk if name == full else tmp_path) / name for name in ("certificate", "export", "store")}
    for directory in (places["store"], small_disk / "state"):
        directory.mkdir()
    made = sorted(small_disk.rglob("*"))
    words = ("--yes", "-o", places["export"], "--certificate", places["certificate"], "--store", places["store"])
    state = {"LITXDB_STATE": str(small_disk / "state")} if full == "state" else {}
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    outcome = run("erase-user", "1", *words, "--url", people, env=state)
    assert outcome.code == 3, outcome.stderr
    assert "No space left on device" in outcome.stderr
    assert contents(db) == before
    filler.unlink()
    assert sorted(small_disk.rglob("*")) == made
    assert list(places["store"].iterdir()) == []
    places["export"].unlink(missing_ok=True)
    outcome = run("erase-user", "1", *words, "--url", people, env=state)
    assert outcome.code == 0, outcome.stderr
    assert json.loads(places["certificate"].read_text())["entry"]["rows"] == sum(OWNED.values()) + sum(FOREIGN.values())


def test_a_connection_lost_while_it_is_committed(
    run: Run, db: Database, people: str, proxy: Callable[..., Any]
) -> None:
    """The next run tells: it gives the certificate its name, and finds nobody."""
    outcome = erase_user(run, proxy(people, then=cut_at("commit", delivered=True)).url, "--certificate", "c.json")
    assert outcome.code == 4
    assert "whether it is done is not known" in outcome.stderr
    assert ".pending is the certificate, if the erasure was done" in outcome.stderr
    while query(db, "select 1 from users where id = 1"):
        time.sleep(0.01)
    assert [path.suffix for path in Path().glob("c.json*")] == [".pending"]
    outcome = erase_user(run, people, "--certificate", "d.json")
    assert outcome.code == 2
    assert "c.json: the certificate of an erasure that was done" in outcome.stderr
    assert [path.name for path in Path().glob("*.json*")] == ["c.json"]
    assert query(db, "select id from litxdb.erasures") == [(json.loads(Path("c.json").read_text())["entry"]["id"],)]


def test_a_connection_lost_before_it_is_committed(
    run: Run, db: Database, people: str, proxy: Callable[..., Any]
) -> None:
    before = contents(db)
    outcome = erase_user(run, proxy(people, then=cut_at("commit")).url, "--certificate", "c.json")
    assert outcome.code == 4
    assert contents(db) == before
    outcome = erase_user(run, people, "--certificate", "c.json")
    assert outcome.code == 0, outcome.stderr
    assert "was done, and whose run was killed" not in outcome.stderr
    assert sorted(path.suffix for path in Path().glob("c.json*")) == [".json", ".pending"]


def test_an_erasure_that_the_server_refuses_to_commit(run: Run, db: Database, people: str) -> None:
    query(
        db,
        "create function no() returns trigger language plpgsql as $$ begin raise 'no more'; end $$;"
        "create constraint trigger no after delete on users deferrable initially deferred for each row"
        " execute function no()",
    )
    before = contents(db)
    outcome = erase_user(run, people, "--certificate", "c.json")
    assert outcome.code == 5
    assert "no more" in outcome.stderr
    assert contents(db) == before
    assert list(Path().glob("c.json*")) == list(Path().glob("store/*")) == []


def test_an_export_that_exists_is_replaced_only_with_force(run: Run, db: Database, people: str) -> None:
    Path("x.zip").write_text("mine")
    words = ("erase-user", "1", "--yes", "-o", "x.zip", "--store", "store", "--url", people)
    assert run(*words).code == 6
    assert (Path("x.zip").read_text(), counts(db)["users"]) == ("mine", 3)
    assert run(*words, "--force").code == 0
    assert Path("x.zip").read_bytes().startswith(b"PK")
