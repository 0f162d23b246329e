"""Exporting a person: what is in it, what is not, and what becomes of it when something goes wrong."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import signal
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litxdb.database import Database
from litxdb.ownership import Policy, litxplore
from litxdb.privacy import Form, Request, export
from tests.bed.people import OWNED, settle
from tests.bed.program import Outcome
from tests.bed.queueing import Queue
from tests.bed.servers import Server
from tests.bed.statements import as_role, query
from tests.test_ownership import ODD, ROWS

Run = Callable[..., Outcome]


@pytest.fixture
def people(db: Database, db_url: str) -> str:
    settle(db)
    return db_url


def until_it_waits(queue: Queue, process: Any) -> None:
    """Return once somebody waits for the table notes of this database."""
    waiting = (
        "select 1 from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database() "
        "where not l.granted and l.relation = 'notes'::regclass"
    )
    while not queue.ask(waiting):
        assert process.poll() is None
        time.sleep(0.01)


def unpacked(path: Path) -> dict[str, Any]:
    """Return what is in a zip: rows of JSON lines, other JSON, and the page."""
    found: dict[str, Any] = {}
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            text = archive.read(name).decode()
            found[name] = text
            if name.endswith(".jsonl"):
                found[name] = [json.loads(line) for line in text.split("\n") if line]
            elif name.endswith(".json"):
                found[name] = json.loads(text)
    return found


def test_all_and_only_the_person_s(run: Run, people: str) -> None:
    outcome = run("export-user", "1", "-o", "ada.zip", "--url", people)
    assert outcome.code == 0, outcome.stderr
    assert "nothing outside" in outcome.stdout
    found = unpacked(Path("ada.zip"))
    manifest = found["manifest.json"]
    counts = {each["table"].removeprefix("public."): each["rows"] for each in manifest["tables"] if each["rows"]}
    assert counts == OWNED | {"sources": 1, "teams": 2}
    assert {each["table"]: each["rows"] for each in manifest["files"] if each["name"].startswith("data/")} == {
        f"public.{table}": number for table, number in OWNED.items()
    }
    written = json.dumps([rows for name, rows in found.items() if name.startswith("data/")])
    for theirs in ("bob@", "user_bob", "secret of Bob", "Bob's", "hers", "his paper", "Bob asks", "Bob alone"):
        assert theirs not in written.replace("Ada asks in Bob's", "")
    assert found["referenced/reviews.jsonl"] == [{"id": 21, "title": "Bob on trees", "topic": "trees"}]
    assert found["referenced/papers.jsonl"][0]["title"] == "On trees"
    shared = found["data/shared_reviews.jsonl"]
    assert shared[1]["shared_with"] == shared[2]["shared_by"]  # the same person, whom nobody can tell
    assert shared[1]["shared_with"].startswith("another person ")
    assert manifest["complete"]


def test_each_file_has_its_checksum_and_nobody_else_may_read_it(run: Run, people: str) -> None:
    assert run("export-user", "1", "-o", "ada.zip", "--url", people).code == 0
    path = Path("ada.zip")
    assert path.stat().st_mode & 0o777 == 0o600
    manifest = unpacked(path)["manifest.json"]
    with zipfile.ZipFile(path) as archive:
        names = {each["name"] for each in manifest["files"]}
        assert names == set(archive.namelist()) - {"manifest.json"}
        for each in manifest["files"]:
            content = archive.read(each["name"])
            assert hashlib.sha256(content).hexdigest() == each["sha256"]
            assert len(content) == each["bytes"]
            if each["name"].endswith(".jsonl"):
                assert content.count(b"\n") == each["rows"]


def test_without_igzip(run: Run, people: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("export-user", "1", "-o", "igzip.zip", "--url", people).code == 0
    monkeypatch.setitem(sys.modules, "isal", None)
    assert run("export-user", "1", "-o", "zlib.zip", "--url", people).code == 0
    one, other = unpacked(Path("igzip.zip")), unpacked(Path("zlib.zip"))
    assert {name for name in one if name.endswith(".jsonl") and one[name] != other[name]} <= {
        "data/shared_reviews.jsonl"
    }
    assert one.keys() == other.keys()


def test_one_document(run: Run, people: str) -> None:
    outcome = run("export-user", "user_ada", "--format", "json", "--url", people)
    assert outcome.code == 0, outcome.stderr
    document = outcome.json
    assert document["user"]["email"] == "ada@example.org"
    assert document["user"]["created_at"] == "2026-01-02T03:04:05+00:00"
    assert [each["id"] for each in document["reviews"]] == [11, 12]
    assert {each["id"] for each in document["tasks"]} == {"t-1", "t-2"}
    assert document["referenced"]["teams"] == [{"id": 1, "name": "Both"}, {"id": 3, "name": "Ada alone"}]
    assert document["manifest"]["complete"]
    assert "nothing outside" in outcome.stderr
    assert run("export-user", "1", "--format", "json", "-o", "a.json", "--url", people).code == 0
    assert json.loads(Path("a.json").read_text())["reviews"] == document["reviews"]


def test_a_person_who_has_nothing(run: Run, people: str) -> None:
    query(Database(people), "delete from shared_reviews where shared_with = 3")
    document = run("export-user", "3", "--format", "json", "--url", people).json
    assert document["user"]["id"] == 3
    assert document["reviews"] == []


@pytest.mark.parametrize("who", ["1", "ada@example.org", "ADA@Example.org", "user_ada", "id=1", "clerk_id=user_ada"])
def test_a_person_s_names(who: str, run: Run, people: str) -> None:
    assert run("export-user", who, "--format", "json", "--url", people).json["user"]["id"] == 1


@pytest.mark.parametrize("who", ["4", "ad@example.org", "USER_ADA", "", "%", "' or true --", "id=", "\udcff"])
def test_nobody(who: str, run: Run, people: str) -> None:
    outcome = run("export-user", who, "-o", "x.zip", "--url", people)
    assert outcome.code == 2
    assert "Nobody in public.users" in outcome.stderr
    assert list(Path().iterdir()) == []


def test_two_people_with_one_e_mail_in_different_case(run: Run, people: str) -> None:
    query(Database(people), "insert into users (id, clerk_id, email) values (4, 'user_4', 'ADA@example.org')")
    outcome = run("export-user", "ada@example.org", "--url", people)
    assert outcome.code == 2
    assert "2 people" in outcome.stderr
    assert "id=1, id=4" in outcome.stderr
    query(Database(people), "update users set clerk_id = '1' where id = 2")
    assert "2 people" in run("export-user", "1", "--url", people).stderr
    assert run("export-user", "id=1", "--format", "json", "--url", people).json["user"]["id"] == 1


def test_one_person_is_to_be_named(run: Run, people: str) -> None:
    assert run("export-user", "--url", people).code == 2
    assert run("export-user", "1", "--key", "1", "--url", people).code == 2
    assert run("export-user", "1", "--format", "xml", "--url", people).code == 2


def test_a_new_table_must_be_classified(run: Run, people: str) -> None:
    query(Database(people), "create table logins (who int references users, at timestamptz)")
    outcome = run("export-user", "1", "-o", "x.zip", "--url", people)
    assert outcome.code == 3
    assert "public.logins.who" in outcome.stderr
    assert not Path("x.zip").exists()


def test_a_gap_is_found_whatever_the_foreign_keys_say(run: Run, people: str) -> None:
    query(
        Database(people),
        "create table letters (body text, about jsonb, tags text[]);"
        "insert into letters values ('To ADA@example.org.', null, null), ('xada@example.org', null, null),"
        "('ada@example.org.uk', null, null), (null, '{\"owner\": {\"user_id\": 1}}', null),"
        "(null, '{\"user_id\": 11}', null), (null, null, '{x,user_ada}')",
    )
    outcome = run("export-user", "1", "-o", "x.zip", "--url", people)
    assert outcome.code == 1
    gaps = {each["column"]: each["rows"] for each in unpacked(Path("x.zip"))["manifest.json"]["proof"]["mentions"]}
    assert gaps == {"body": 1, "about": 1, "tags": 1, "entity_id": 1}
    assert "public.letters.body: 1 row" in outcome.stdout
    policy = Path("policy.toml")
    shipped = Path(__file__).parent.parent / "litxdb/ownership/litxplore.toml"
    policy.write_text(shipped.read_text().replace("[labels]", '[excluded]\nletters = "kept by law"\n[labels]'))
    outcome = run("export-user", "1", "-o", "y.zip", "--policy", policy, "--url", people)
    assert outcome.code == 0, outcome.stderr
    assert "kept by law" in outcome.stdout


HOSTILE = (
    "'; drop table users; --",
    '"quoted" \\ back\\slash \\n \\u0000 %s %(x)s {}',
    "line\nend\r\ntab\tvertical\x0b \x01\x02\x1f\x7f",
    "</script><script>alert(1)</script><!-- ]]> &amp; <img src=x onerror=alert(1)>",
    "\u202eright to left \u200f\u05d0\u05d1\u05d2 \u2028 \u2029 \ufeff",
    "\U0001f600\u0301 ünïcode 数 \ufffe",
    "\\.",
    "x" * 1_000_000,
)


def test_hostile_strings_in_every_text_column(db: Database, db_url: str, run: Run) -> None:
    settle(db)
    with contextlib.closing(db.connect()) as connection, connection.cursor() as cursor:
        for number, text in enumerate(HOSTILE):
            cursor.execute(
                "insert into notes (paper_id, note_type, content, justification) values (1, %s, %s, %s)",
                [text[:100], text, text],
            )
            cursor.execute(
                "insert into literature_reviews (user_id, title, topic, content, citations) values (1, %s, %s, %s, %s)",
                [text[:200], text[:200], text, text],
            )
            cursor.execute(
                "insert into user_activity (user_id, action, entity_type, entity_id, metadata) values "
                "(1, %s, %s, %s, %s)",
                [text, text[:100], text[:50], json.dumps({text[:100]: text})],
            )
            cursor.execute(
                "insert into tasks (id, user_id, status, result_data, error_message, created_at) values "
                "(%s, 1, 'failed', %s, %s, now())",
                [f"h{number}", text, text],
            )
        cursor.execute("update users set first_name = %s, last_name = %s where id = 1", [HOSTILE[3], HOSTILE[4]])
        connection.commit()
    assert run("export-user", "1", "-o", "x.zip", "--url", db_url).code == 0
    found = unpacked(Path("x.zip"))
    assert {each["content"] for each in found["data/reviews.jsonl"]} == {*HOSTILE, "text"}
    assert {each["content"] for each in found["data/notes.jsonl"]} == {*HOSTILE, "Ada's"}
    assert {next(iter(each["metadata"].values()), None) for each in found["data/user_activity.jsonl"]} == {
        *HOSTILE,
        None,
    }
    page = found["index.html"]
    assert len(page) < 2_000_000
    assert "<script" not in page
    assert "<img" not in page
    assert "\x01" not in page
    assert "&lt;/script&gt;" in page
    document = run("export-user", "1", "--format", "json", "--url", db_url).json
    assert {each["content"] for each in document["notes"]} == {*HOSTILE, "Ada's"}


def test_any_schema_on_any_version(any_db: Database, tmp_path: Path) -> None:
    query(any_db, ODD)
    query(any_db, ROWS)
    odd = (
        "create table odd (tenant int, person int, j json, n numeric, at timestamp, d date, b bytea, x text[],"
        ' "a b\'c%" text, foreign key (tenant, person) references people on delete cascade);'
        "insert into odd values (1, 1, E'{\"a\":\\n 1.50}', repeat('9', 5000)::numeric, 'infinity', '2026-01-02',"
        "'\\x00ff', array['a', null], 'v')"
    )
    query(any_db, odd)
    policy = Policy("people", lookup=())
    with (tmp_path / "x.json").open("w+b") as file:
        done = export(any_db, Request("1,1", policy, by_key=True, form=Form.json), file)
        file.seek(0)
        document = json.loads(file.read(), parse_int=str)
    assert done.manifest.rows == 17
    assert len(document["people"]) == 3
    (row,) = document["odd"]
    assert (row["j"], row["at"], row["d"], row["b"], row["x"], row["a b'c%"]) == (
        {"a": 1.5}, "infinity", "2026-01-02", "\\x00ff", ["a", None], "v",
    )  # fmt: skip
    assert len(row["n"]) == 5000
    zipped = export(any_db, Request("1,1", policy, by_key=True), tmp_path / "x.zip")
    assert zipped.manifest.rows == 17
    names = {each.name for each in zipped.manifest.files}
    assert "data/od_d_s_dö_cs.jsonl" in names


def test_texts_that_hold_json(any_db: Database, tmp_path: Path) -> None:
    """An object or a list is one; whatever else stands there, also what is too deep, stays as it is."""
    deep = "[" * 100_000 + "]" * 100_000
    texts = [
        None, "", "plain", "1", "null", "true", '"x"', "{", "[1,]", "{'a': 1}", '{"a": 1} x', deep, "[NaN]",
        "a\nb", '[1\n,"a', '{"a":\\u0000}',
    ]  # fmt: skip
    values = ['{"review_id": 11, "b": [1.50, null, "\\u00e9\\n\\u0000"]}', ' \n[\r\n{"a" :\t"x\\" y"}]\n', "{}", "[]"]
    query(any_db, "create table people (id int primary key, notes text, said varchar(9), more jsonb)")
    query(any_db, "create table jobs (person int references people on delete cascade, n serial, result text)")
    query(any_db, "insert into people values (1, '[1]', '[2]', '[3]')")
    with contextlib.closing(any_db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        for text in [*texts, *values]:
            cursor.execute("insert into jobs (person, result) values (1, %s)", [text])
    policy = Policy("people", lookup=(), json=("jobs.result", "people.said", "people.more", "people.gone", "gone.x"))
    export(any_db, Request("1", policy, by_key=True), tmp_path / "x.zip")
    found = unpacked(tmp_path / "x.zip")
    (person,) = found["data/people.jsonl"]
    assert (person["notes"], person["said"], person["more"]) == ("[1]", [2], [3])
    jobs = sorted(found["data/jobs.jsonl"], key=lambda row: row["n"])
    assert [each["result"] for each in jobs] == [*texts, *map(json.loads, values)]
    columns = {each["name"]: each["json"] for each in found["schema.json"]["data/jobs.jsonl"]["columns"]}
    assert columns == {"person": False, "n": False, "result": True}


def test_the_page_shows_json_as_a_person_writes_it(db: Database, db_url: str, run: Run) -> None:
    settle(db)
    cited = json.dumps([{"id": f"2307.{n:05}", "title": f"Paper {n}", "authors": ["Ada", "<Bob>"]} for n in range(100)])
    query(db, f"update literature_reviews set citations = '{cited}' where id = 11")
    assert run("export-user", "1", "-o", "x.zip", "--url", db_url).code == 0
    with zipfile.ZipFile("x.zip") as archive:
        page = archive.read("index.html").decode()
        reviews = [json.loads(line) for line in archive.read("data/reviews.jsonl").decode().splitlines()]
    assert "• Id: 2307.00001\n  Title: Paper 1\n  Authors: Ada, &lt;Bob&gt;\n• Id: 2307.00002" in page
    assert "Paper 99" not in page
    assert "\n• …</details>" in page
    assert len(next(each["citations"] for each in reviews if each["id"] == 11)) == 100


def test_json_that_is_nested_deeply(db: Database, db_url: str, run: Run) -> None:
    settle(db)
    depths = (100, 300, 900, 960, 3000)
    for depth in depths:
        nested = f"(repeat('[', {depth}) || repeat(']', {depth}))::jsonb"
        query(db, f"insert into user_activity (user_id, action, metadata) values (1, 'deep', {nested})")
    outcome = run("export-user", "1", "-o", "x.zip", "--url", db_url)
    assert outcome.code == 0, outcome.stderr
    with zipfile.ZipFile("x.zip") as archive:
        lines = archive.read("data/user_activity.jsonl").decode()
    assert all(f": {'[' * depth}{']' * depth}" in lines.replace('":', '": ') for depth in depths)


def test_vectors_are_arrays_or_left_out(db: Database, db_url: str, run: Run) -> None:
    settle(db)
    query(
        db,
        "create table tastes (user_id int primary key references users on delete cascade, v vector(3));"
        "insert into tastes values (1, '[1,2.5,-3]')",
    )
    words = ("export-user", "1", "--format", "json", "--url", db_url)
    assert run(*words).json["tastes"] == [{"user_id": 1, "v": [1, 2.5, -3]}]
    assert run(*words, "--no-vectors").json["tastes"] == [{"user_id": 1}]


def test_a_file_that_exists_is_kept(run: Run, people: str) -> None:
    Path("x.zip").write_text("mine")
    outcome = run("export-user", "1", "-o", "x.zip", "--url", people)
    assert outcome.code == 6
    assert Path("x.zip").read_text() == "mine"
    assert run("export-user", "1", "-o", "x.zip", "--force", "--url", people).code == 0
    assert zipfile.is_zipfile("x.zip")
    assert [path.name for path in Path().iterdir()] == ["x.zip"]
    assert run("export-user", "1", "-o", "missing/x.zip", "--url", people).code == 3


def test_a_role_that_may_not_read_one_table(server: Server, db: Database, run: Run) -> None:
    settle(db)
    lesser = as_role(server, db, "exporter")
    query(
        db,
        "grant select on all tables in schema public to exporter; grant usage on schema litxdb to exporter;"
        "grant select on all tables in schema litxdb to exporter",
    )
    url = str(lesser.settings.url)
    outcome = run("export-user", "1", "-o", "x.zip", "--url", url)
    assert outcome.code == 0, outcome.stderr
    query(db, "revoke select on notes from exporter")
    outcome = run("export-user", "1", "-o", "y.zip", "--url", url)
    assert outcome.code == 5
    assert "permission denied for table notes" in outcome.stderr
    assert [path.name for path in Path().iterdir()] == ["x.zip"]


def test_a_table_that_the_application_holds(people: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("litxdb.privacy.sessions.PATIENCE_SECONDS", 3.0)
    with Queue(people) as queue:
        pid = queue.hold("lock table notes in access exclusive mode", application="worker")
        outcome = run("export-user", "1", "-o", "x.zip", "--url", people)
    assert outcome.code == 5
    assert f"A lock was not free within 3 s: worker, pid {pid}" in outcome.stderr
    assert "Nothing was written." in outcome.stderr
    assert list(Path().iterdir()) == []


def test_row_security_hides_nothing_unnoticed(server: Server, db: Database, run: Run) -> None:
    settle(db)
    lesser = as_role(server, db, "exporter", owner=False)
    query(
        db,
        "grant select on all tables in schema public to exporter; grant usage on schema litxdb to exporter;"
        "grant select on all tables in schema litxdb to exporter; alter table notes enable row level security",
    )
    outcome = run("export-user", "1", "-o", "x.zip", "--url", str(lesser.settings.url))
    assert outcome.code == 5
    assert "row-level security" in outcome.stderr


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_of_an_export_that_was_stopped(
    number: signal.Signals, people: str, start: Callable[..., Any], tmp_path: Path
) -> None:
    with Queue(people) as queue:
        queue.hold("lock table notes in access exclusive mode")
        process = start("export-user", "1", "-o", "x.zip", "--url", people)
        until_it_waits(queue, process)
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert list(Path().iterdir()) == []


def test_a_full_disk(people: str, run: Run) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        zipped = run("export-user", "1", "-o", "x.zip", "--url", people)
        document = run("export-user", "1", "-o", "x.json", "--format", "json", "--url", people)
        passing = run("export-user", "1", "--format", "json", "--url", people)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    for outcome in (zipped, document):
        assert outcome.code == 3
        assert "cannot be written" in outcome.stderr
    assert (passing.code, passing.stdout) == (3, "")
    assert "temporary file on its way: File too large" in passing.stderr
    assert list(Path().iterdir()) == []


def test_no_directory_for_temporary_files(people: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "missing")
    outcome = run("export-user", "1", "--format", "json", "--url", people)
    assert (outcome.code, outcome.stdout) == (3, "")
    assert "Name a file with -o" in outcome.stderr


def test_one_snapshot(people: str, start: Callable[..., Any]) -> None:
    with Queue(people) as queue:
        holder = queue.hold("lock table notes in access exclusive mode")
        process = start("export-user", "1", "-o", "x.zip", "--url", people)
        until_it_waits(queue, process)
        queue.ask(
            "with new as (insert into digests (id, user_profile_id, digest_date) values (7, 1, '2027-01-01')"
            " returning id) insert into subscriptions (user_id, tier, status) select 1, 'x', 'x' from new returning 1"
        )
        queue.ask("select pg_terminate_backend(%s)", holder)
        assert process.wait(60) == 0
    manifest = unpacked(Path("x.zip"))["manifest.json"]
    rows = {each["table"]: each["rows"] for each in manifest["tables"]}
    assert rows["public.digests"] == rows["public.subscriptions"] == 1


def test_the_library_s_own_names(db: Database, tmp_path: Path) -> None:
    settle(db)
    told: list[str] = []
    done = export(db, Request("1", litxplore()), tmp_path / "x.zip", watch=lambda seen: told.append(seen.doing))
    assert done.manifest.proof.complete
    assert done.bytes == (tmp_path / "x.zip").stat().st_size
    assert "searching public.sources" in told


@pytest.mark.parametrize("encoding", ["UTF8", "LATIN1"])
def test_rows_are_written_as_the_server_writes_json(any_server: Server, tmp_path: Path, encoding: str) -> None:
    controls = "".join(map(chr, range(1, 32)))
    texts = ["", "\\N", "\\", '"', "\\.", "\\v", "a\tb\nc\r\\n", controls, "\x7f", "ünïcode", "x" * 1_000_000, None]
    texts += [f"{'y' * 300}{number}" for number in range(2_000)]
    name = f"test_{encoding.lower()}_{os.urandom(4).hex()}"
    any_server.execute(f"create database {name} encoding '{encoding}' locale 'C' template template0")
    try:
        with Database(any_server.url(name)) as db:
            query(db, HOSTILE_TABLE)
            query(db, f"alter table said {', '.join(f'add c{number} int' for number in range(120))}")
            with contextlib.closing(db.connect()) as connection, connection.cursor() as cursor:
                cursor.executemany("insert into said (who, text) values (1, %s)", [[text] for text in texts])
                connection.commit()
            done = export(db, Request("1", Policy("people", lookup=()), by_key=True), tmp_path / "x.zip")
            settings = "set timezone = 'UTC'; set intervalstyle = 'iso_8601';"
            wanted = query(db, f"{settings} select row_to_json(s)::text from said s order by n")
        assert done.manifest.proof.complete
        with zipfile.ZipFile(tmp_path / "x.zip") as archive:
            found = archive.read("data/said.jsonl").decode().removesuffix("\n").split("\n")
        assert sorted(found) == sorted(row for (row,) in wanted)
    finally:
        any_server.execute(f"drop database {name} with (force)")


HOSTILE_TABLE = r"""
create table people (id int primary key);
insert into people values (1);
create domain of_a_kind as text;
create type mood as enum ('so "so"', 'back\slash');
create table said (
    n int generated always as identity,
    who int references people on delete cascade,
    text text,
    "a ""b"" \ c" mood default 'so "so"',
    "%s
    of" mood default 'back\slash',
    "tab	" timestamptz[] default '{infinity,-infinity,"0044-03-15 00:00:00+00 BC","2026-01-02 03:04:05.6+07"}',
    number numeric default 'NaN',
    float float8 default '-Infinity',
    "4%%s" real default 1e-9,
    small int2 default -32768,
    big int8,
    id uuid,
    "other id" uuid default 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    yes bool default true,
    no bool,
    day date default '0044-03-15 BC',
    never timestamptz default '-infinity',
    "when" timestamptz default '0044-03-15 01:02:03.4+01 BC',
    padded char(9) default '"',
    short varchar(9) default E'\t\\',
    limited of_a_kind default 'a"b',
    pair point default '(1,2)',
    composite people default '(7)',
    "bit" bit(3) default '101',
    took interval default '1 day -00:00:01',
    bytes bytea default '\xff00',
    json json default '{"a": [1,  "\\"]}'
);
"""
