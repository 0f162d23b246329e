"""Searching for a person beyond texts: bytes, composites, materialized views, and what is named as not searched."""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.errors import Refused
from litxdb.ownership import Closure, classify, litxplore, parse, read_schema
from litxdb.privacy import Proof, Request, erase, preview
from litxdb.privacy.scanning import scan
from tests.bed.people import settle
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

Run = Callable[..., Outcome]
KEY = b"a key of these tests only"
ADA = Request("1", litxplore())
VIEWS = """
create materialized view addresses as select email, clerk_id from users;
create materialized view again as select 'again: ' || email as said from addresses;
create materialized view "cou""nts" as select user_id as "user_id", count(*) from tasks group by 1;
create materialized view empty as select email from users with no data
"""


def searched(db: Database, request: Request = ADA) -> Proof:
    """Search for Ada, whose rows are known."""
    with contextlib.closing(db.connect(autocommit=True)) as connection:
        ownership = classify(read_schema(connection), request.policy)
        closure = Closure(connection, ownership.schema, ownership.root, ownership.edges)
        closure.collect("t.id = 1")
        return scan(connection, ownership, closure, request.find(connection, ownership))


def outside(db: Database) -> dict[tuple[str, str], int]:
    return {(each.table, each.column): each.rows for each in searched(db).mentions}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"to ada@example.org.", True),
        (b"\x00ada@example.org\x00", True),
        (b"\x0fADA@Example.ORG\xff", True),
        (b"\xffuser_ada", True),
        (b"\\user_ada", True),
        (b"USER_ADA", False),
        (b"xada@example.org", False),
        (b"ada@example.organic", False),
        (b'{"user_id": 1}', False),
        ("ada@example.org".encode("utf-16"), False),
    ],
)
def test_bytes(body: bytes, found: bool, db: Database) -> None:
    settle(db)
    query(db, f"create table files (body bytea); insert into files values ('\\x{body.hex()}')")
    assert (("public.files", "body") in outside(db)) == found


def test_values_that_are_written_otherwise_among_bytes(db: Database) -> None:
    settle(db)
    mail = "ä\\d%'\"@example.org"
    query(
        db,
        "create table files (body bytea)",
    )
    with contextlib.closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute("update users set email = %s where id = 1", [mail])
        for text in (mail, json.dumps(mail), json.dumps(mail, ensure_ascii=False), mail[1:], mail.replace("d", "e")):
            cursor.execute("insert into files values (%s)", [text.encode()])
    assert outside(db)[("public.files", "body")] == 3


def test_composites_search_terms_and_domains(db: Database) -> None:
    settle(db)
    query(
        db,
        "create type place as (street text, mail text); create domain stuff as bytea;"
        "create table odd (at place, ats place[], words tsvector, asked tsquery, body stuff);"
        "insert into odd values (('x', 'ada@example.org'), null, 'ADA@example.org:1', null, 'user_ada'),"
        " (null, '{\"(x,user_ada)\"}', null, 'user_ada | x', null), (('x', 'y'), '{}', 'a b', 'a', 'ada')",
    )
    assert {column: rows for (table, column), rows in outside(db).items() if table == "public.odd"} == {
        "at": 1, "ats": 1, "words": 1, "asked": 1, "body": 1,
    }  # fmt: skip
    query(db, "alter table odd drop body")
    assert erase(db, ADA, key=KEY).proof.mentions == ()
    assert query(db, "select count(*), count(at), count(words), count(asked) from odd") == [(3, 2, 2, 2)]


def test_what_was_not_searched_is_named(run: Run, server: Server, db: Database, db_url: str) -> None:
    settle(db)
    query(
        db,
        "create extension postgres_fdw; create server s foreign data wrapper postgres_fdw;"
        'create foreign table "f\'ar" (mail text) server s; create schema x; create extension ltree schema x;'
        "create table files (id int, tree x.ltree);"
        "select lo_put(lo_create(0), 1 << 30, 'x'), lo_from_bytea(0, 'x')",
    )
    named = ("public.files.tree (x.ltree)", "large objects of more than 1 GB: 1", 'the foreign table public."f\'ar"')
    assert set(searched(db).unsearched) == set(named)
    outcome = run("export-user", "1", "-o", "x.zip", "--url", db_url)
    assert outcome.code == 0, outcome.stderr
    with zipfile.ZipFile("x.zip") as archive:
        proof, page = json.loads(archive.read("manifest.json"))["proof"], archive.read("index.html").decode()
    assert set(proof["unsearched"]) == set(named)
    for name in named[:2]:
        assert name in " ".join(outcome.stdout.split())
        assert name in page


def test_a_materialized_view_in_an_export(run: Run, db: Database, db_url: str) -> None:
    settle(db)
    query(db, VIEWS)
    outcome = run("export-user", "1", "-o", "x.zip", "--url", db_url)
    assert outcome.code == 0, outcome.stderr
    with zipfile.ZipFile("x.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    mentions = {(each["table"], each["column"], each["rows"]) for each in manifest["proof"]["mentions"]}
    assert mentions >= {
        ("public.addresses", "email", 1), ("public.addresses", "clerk_id", 1), ("public.again", "said", 1),
        ('public."cou""nts"', "user_id", 1),
    }  # fmt: skip
    reasons = {each["table"]: each["reason"] for each in manifest["tables"] if each["treatment"] == "excluded"}
    assert reasons["public.again"] == "a materialized view: copies of other rows, as of its last refresh"


def test_materialized_views_are_refreshed(run: Run, db: Database, db_url: str) -> None:
    settle(db)
    query(db, VIEWS)
    query(db, "create index on addresses (email)")
    plan = preview(db, ADA)
    assert [each.table for each in plan.changes if each.action == "refresh"] == [
        "public.addresses", "public.again", 'public."cou""nts"',
    ]  # fmt: skip
    outcome = run("erase-user", "1", "--yes", "-o", "x.zip", "--store", "store", "--url", db_url)
    assert outcome.code == 0, outcome.stderr
    assert "nothing outside" in outcome.stdout
    assert query(db, "select count(*) from addresses") == [(2,)]
    assert query(db, "select count(*) from again where said like '%ada%'") == [(0,)]
    assert query(db, 'select user_id from "cou""nts"') == [(2,)]


def test_a_view_that_the_policy_excludes_stays(db: Database) -> None:
    settle(db)
    query(db, "create materialized view statistics as select user_id, count(*) from tasks group by 1")
    shipped = (Path(__file__).parent.parent / "litxdb/ownership/litxplore.toml").read_text()
    policy = parse(shipped.replace("[labels]", '[excluded]\nstatistics = "numbers only"\n[labels]'), "here")
    done = erase(db, Request("1", policy), key=KEY)
    kept = [each for each in done.changes if each.table == "public.statistics"]
    assert [(each.action, each.rows, each.reason) for each in kept] == [
        ("retain", 1, "excluded by the policy: numbers only")
    ]
    assert query(db, "select count(*) from statistics") == [(2,)]


def test_a_view_that_cannot_be_refreshed_undoes_it(server: Server, db: Database, run: Run) -> None:
    settle(db)
    query(db, "create materialized view addresses as select email from users")
    lesser = as_role(server, db, "eraser")
    query(
        db,
        "grant select, update, delete on all tables in schema public to eraser;"
        "grant usage, create on schema litxdb to eraser; grant select on all tables in schema litxdb to eraser",
    )
    url = str(lesser.settings.url)
    outcome = run("erase-user", "1", "--yes", "--no-export", "--store", "store", "--url", url)
    assert outcome.code == 5
    assert "addresses" in outcome.stderr
    assert query(db, "select count(*) from users") == [(3,)]
    assert list(Path().glob("erasure-*")) == list(Path("store").iterdir()) == []


def test_a_view_of_what_is_elsewhere_undoes_it(db: Database) -> None:
    settle(db)
    query(db, "create materialized view constant as select 'ada@example.org' as mail")
    with pytest.raises(Refused, match=r"1 in public\.constant\.mail"):
        erase(db, ADA, key=KEY)
    assert query(db, "select count(*) from users") == [(3,)]


def test_bytes_of_others_stand_in_the_way(run: Run, db: Database, db_url: str) -> None:
    settle(db)
    query(db, "create table files (body bytea); insert into files values ('to ada@example.org')")
    outcome = run("erase-user", "1", "--yes", "--no-export", "--store", "store", "--url", db_url)
    assert outcome.code == 1
    assert "1 rows of public.files.body name the person, in bytes" in outcome.stderr
    assert query(db, "select count(*) from users") == [(3,)]


def test_what_is_generated_is_made_anew(db: Database) -> None:
    settle(db)
    query(
        db,
        "create table mails (sender text, shouted text generated always as (upper(sender)) stored);"
        "insert into mails values ('ada@example.org'), ('bob@example.org')",
    )
    assert erase(db, ADA, key=KEY).proof.mentions == ()
    assert query(db, "select count(*) from mails where shouted like 'ERASED-%'") == [(1,)]


def test_a_person_whom_nothing_identifies(run: Run, empty_db: Database, empty_url: str) -> None:
    """A key of two columns is looked for nowhere; what is called like an e-mail is."""
    query(
        empty_db,
        "create table people (shop int, no int, name text, primary key (shop, no)); create table letters (body text);"
        "insert into people values (1, 2, 'Ada'); insert into letters values ('to ada@example.org')",
    )
    words = ("export-user", "--root", "people", "--key", "1,2", "--url", empty_url)
    outcome = run(*words, "-o", "x.zip")
    assert outcome.code == 0, outcome.stderr
    assert "Nothing could be searched for" in outcome.stdout
    assert "nothing outside" not in outcome.stdout
    query(empty_db, "alter table people add mail text default 'ada@example.org'")
    outcome = run(*words, "-o", "y.zip")
    assert outcome.code == 1
    assert "public.letters.body: 1 row" in outcome.stdout
