"""A person in large objects: found, in the way of an erasure, and named where they could not be searched."""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.ownership import Closure, Policy, classify, litxplore, parse, read_schema
from litxdb.privacy import Mention, Proof, Request, erase, preview, scanning, values
from tests.bed.people import settle
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

Run = Callable[..., Outcome]
KEY = b"a key of these tests only"
ADA = Request("1", litxplore())
PEOPLE = """
create table people (id int primary key, mail text, handle text);
insert into people values (1, 'ädä@example.org', 'user_ada'), (2, 'bob@example.org', 'user_bob')
"""
POLICY = Policy("people", ("id",), ignoring_case=("mail",), identifiers=("mail", "handle"))
FOUND = (
    "to ädä@example.org.",
    "ÄDÄ@EXAMPLE.ORG ädä@Example.ORG",
    "\x01user_ada\x02",
    '{"to": "\\u00e4d\\u00e4@example.org"}',
)
NOT_FOUND = ("", "xädä@example.org", "ädä@example.organic", "USER_ADA", "bob@example.org", "ädä", "@example.org")


def proof(db: Database, policy: Policy = POLICY) -> Proof:
    """Search for the person with the number 1, whose own rows are known."""
    with contextlib.closing(db.connect(autocommit=True)) as connection:
        ownership = classify(read_schema(connection), policy)
        closure = Closure(connection, ownership.schema, ownership.root, ownership.edges)
        closure.collect("t.id = 1")
        found = Request("1", policy, by_key=True).find(connection, ownership)
        return scanning.scan(connection, ownership, closure, found)


def put(db: Database, bodies: Iterable[bytes]) -> list[int]:
    listed = ", ".join(f"(lo_from_bytea(0, '\\x{body.hex()}'))" for body in bodies)
    return [oid for (oid,) in query(db, f"values {listed}")]


def excluding(reason: str) -> Policy:
    """Return LitXplore's policy with large objects excluded."""
    shipped = (Path(__file__).parent.parent / "litxdb/ownership/litxplore.toml").read_text()
    return parse(shipped.replace("[labels]", f'[excluded]\n"pg_catalog.pg_largeobject" = "{reason}"\n[labels]'), "here")


def test_what_is_in_large_objects_is_found(any_db: Database) -> None:
    query(any_db, PEOPLE)
    before = proof(any_db)
    put(any_db, (text.encode() for text in NOT_FOUND))
    assert (proof(any_db).mentions, proof(any_db).unsearched) == ((), ())
    assert proof(any_db).columns == before.columns + 1
    put(any_db, (text.encode() for text in FOUND))
    put(any_db, [b"\xff" * 3000 + b"ADA" + "ädä@example.ORG".encode() + b"\xff", b"\x00" * 5000 + b"user_ada"])
    assert proof(any_db).mentions == (Mention("pg_catalog.pg_largeobject", "data", len(FOUND) + 1, None),)


def test_what_is_in_a_list_of_bytes_is_found(any_db: Database) -> None:
    query(any_db, PEOPLE)
    query(any_db, "create domain parcel as bytea[]; create table files (parts bytea[], more parcel)")
    query(any_db, "insert into files values (null, null), ('{}', '{}'), (array[null]::bytea[], null)")
    elements = [*(text.encode() for text in NOT_FOUND), b"user_", b"ada"]
    listed = ", ".join(f"'\\x{each.hex()}'::bytea" for each in elements)
    query(any_db, f"insert into files values (array[{listed}], array[{listed}])")
    assert (proof(any_db).mentions, proof(any_db).unsearched) == ((), ())
    for text in FOUND:
        nested = f"array[array[null, ''::bytea], array['x', '\\x{text.encode().hex()}'::bytea]]"
        query(any_db, f"insert into files values ({nested}, null), (null, {nested})")
    assert {(each.column, each.rows) for each in proof(any_db).mentions} == {
        ("parts", len(FOUND)), ("more", len(FOUND)),
    }  # fmt: skip


@pytest.mark.parametrize("size", [1, 16, 37])
def test_a_value_is_found_wherever_bytes_are_cut(size: int, any_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost at the edge of a slice, and an edge does not make a value of a part of a longer one."""
    query(any_db, PEOPLE)
    query(any_db, "create table files (body bytea, parts bytea[])")
    monkeypatch.setattr(values, "SLICE_BYTES", size)
    value = "ädä@Example.org".encode()
    whole = [b"%s%s%s" % (b" " * at, value, b".\xff" * more) for at in range(60) for more in (0, 1, 30)]
    part = [b"%s%s%s" % (b" " * at, each, b" " * 30) for at in range(60) for each in (b"x" + value, value + b".x")]
    for bodies, found in ((part, set()), (whole, {len(whole)})):
        put(any_db, bodies)
        rows = ", ".join(f"('\\x{body.hex()}', array['\\x{body.hex()}'::bytea])" for body in bodies)
        query(any_db, f"insert into files values {rows}")
        assert {each.rows for each in proof(any_db).mentions} == found
    assert len(proof(any_db).mentions) == 3


def test_larger_ones_are_named(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(db)
    monkeypatch.setattr(scanning, "MOST_BYTES", 1 << 29)
    over, far, fitting = put(db, [b""] * 3)
    for oid, at in ((over, 1 << 29), (far, 5_000_000_000), (fitting, 3_000_000)):
        query(db, f"select lo_put({oid}, {at}, 'ada@example.org')")
    found = proof(db, litxplore())
    assert found.mentions[-1] == Mention("pg_catalog.pg_largeobject", "data", 1, None)
    assert found.unsearched == ("large objects of more than 0.5 GB: 2",)


def test_those_that_the_role_may_not_read_are_named(any_server: Server) -> None:
    with any_server.database() as url, Database(url) as db:
        query(db, PEOPLE)
        lesser = as_role(any_server, db, "exporter")
        query(db, "grant select on people to exporter")
        hidden, granted, public, written, own, taken = put(db, [b"user_ada"] * 6)
        query(
            db,
            f"grant select on large object {granted} to exporter; grant select on large object {public} to public;"
            f"grant update on large object {written} to exporter; alter large object {own} owner to exporter;"
            f"alter large object {taken} owner to exporter; revoke all on large object {taken} from exporter",
        )
        assert proof(lesser).mentions == (Mention("pg_catalog.pg_largeobject", "data", 3, None),)
        assert proof(lesser).unsearched == ("large objects that the role may not read: 3",)
        assert (proof(db).mentions[0].rows, proof(db).unsearched) == (6, ())
        query(db, "revoke execute on function lo_get(oid, bigint, integer) from public")
        assert proof(lesser).mentions == ()
        assert proof(lesser).unsearched == ("large objects that the role may not read: 6",)
        query(db, f"select lo_unlink(oid) from pg_largeobject_metadata where oid <> {hidden}")
        assert proof(lesser).unsearched == ("large objects that the role may not read: 1",)


def test_they_are_named_if_it_is_not_known_what_to_search_for(any_db: Database) -> None:
    query(any_db, "create table people (id int primary key); insert into people values (1)")
    put(any_db, [b"user_ada", b"x"])
    assert proof(any_db, Policy("people", ())).unsearched == ("large objects: 2",)


def test_an_export_has_a_gap_unless_the_policy_says_why_not(run: Run, db: Database, db_url: str) -> None:
    settle(db)
    put(db, [b"user_ada", b"ada@example.org", b"x"])
    outcome = run("export-user", "1", "-o", "x.zip", "--url", db_url)
    assert outcome.code == 1
    assert "pg_catalog.pg_largeobject.data: 2 rows; nobody has said why" in " ".join(outcome.stdout.split())
    shipped = (Path(__file__).parent.parent / "litxdb/ownership/litxplore.toml").read_text()
    policy = '[excluded]\n"pg_catalog.pg_largeobject" = "old <scans>"\n[labels]'
    Path("policy.toml").write_text(shipped.replace("[labels]", policy))
    outcome = run("export-user", "1", "-o", "y.zip", "--policy", "policy.toml", "--url", db_url)
    assert outcome.code == 0, outcome.stderr
    with zipfile.ZipFile("y.zip") as archive:
        manifest, page = json.loads(archive.read("manifest.json")), archive.read("index.html").decode()
    named = {"table": "pg_catalog.pg_largeobject", "column": "data", "rows": 2, "allowed": "old <scans>"}
    assert named in manifest["proof"]["mentions"]
    assert ("pg_catalog.pg_largeobject", "excluded") in {
        (each["table"], each["treatment"]) for each in manifest["tables"]
    }
    assert page.count("old &lt;scans&gt;") == 2


def test_an_erasure_stops_until_they_are_gone(run: Run, db: Database, db_url: str) -> None:
    settle(db)
    first, second = put(db, [b"user_ada", b"user_bob"])
    words = ("erase-user", "1", "--yes", "--no-export", "--store", "store", "--url", db_url)
    outcome = run(*words)
    assert outcome.code == 1
    assert "in the way: 1 large objects name the person" in outcome.stderr
    assert query(db, "select count(*) from users") == [(3,)]
    query(db, f"select lo_unlink({first})")
    assert run(*words).code == 0
    assert query(db, f"select count(*) from users where id = 1 or lo_get({second}) <> 'user_bob'") == [(0,)]


def test_an_erasure_leaves_those_that_the_policy_excludes(db: Database) -> None:
    settle(db)
    put(db, [b"user_ada"])
    asked = Request("1", excluding("kept by law"))
    assert preview(db, asked).blocked == ()
    done = erase(db, asked, key=KEY)
    kept = [(each.action, each.rows, each.reason) for each in done.changes if each.table.endswith("pg_largeobject")]
    assert kept == [("retain", 1, "excluded by the policy: kept by law")]
    assert query(db, "select count(*) from users") == [(2,)]
    assert not preview(db, Request("2", litxplore())).blocked


def test_one_that_is_written_while_erasing_undoes_it(run: Run, db: Database, db_url: str) -> None:
    settle(db)
    query(
        db,
        "create function keeps() returns trigger language plpgsql as $$ begin"
        " perform lo_from_bytea(0, old.email::bytea); return old; end $$;"
        "create trigger keeps before delete on users for each row execute function keeps()",
    )
    outcome = run("erase-user", "1", "--yes", "--no-export", "--store", "store", "--url", db_url)
    assert outcome.code == 6
    assert "1 in pg_catalog.pg_largeobject.data" in outcome.stderr
    assert query(db, "select (select count(*) from users), (select count(*) from pg_largeobject_metadata)") == [(3, 0)]


def test_one_that_disappears_meanwhile(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview has one snapshot; an erasure sees what others do, and between two statements a large object may go."""
    settle(db)
    oid, _ = put(db, [b"user_ada", b"x"])
    seen = scanning.large_objects.queries.Query.read

    def meddling(self, connection, **given):  # type: ignore[no-untyped-def]
        rows = seen(self, connection, **given)
        if self.name == "large_objects":
            query(db, f"select lo_unlink({oid})")
        return rows

    monkeypatch.setattr(scanning.large_objects.queries.Query, "read", meddling)
    assert [each for each in proof(db, litxplore()).mentions if "largeobject" in each.table] == []
