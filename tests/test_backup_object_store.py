"""Backups in a bucket: the same guarantees as in a directory, and errors that say what to do."""

import contextlib
import http.server
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen

import psycopg2
import pytest

from litxdb import backup
from litxdb.backup import archive, dumping, naming, object_store, records, s3_uploads
from litxdb.backup.results import Attempt, Backup, Proof
from litxdb.backup.retention import Retention
from litxdb.database import Database
from litxdb.errors import BackupDamaged, StoreUnusable, ToolMissing
from litxdb.settings import Settings
from tests.bed import buckets
from tests.bed.buckets import PREFIX, SECRET, Bucket
from tests.bed.keys import Keys
from tests.bed.program import Outcome
from tests.bed.statements import query
from tests.bed.waiting import PATIENCE_SECONDS, until

Run = Callable[..., Outcome]
Start = Callable[..., Popen[str]]


def fill(url: str, rows: int) -> None:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            f"create table t as select md5(n::text) as a, md5((-n)::text) as b from generate_series(1, {rows}) n"
        )


@pytest.fixture
def made(empty_url: str, empty_db: Database, bucket: Bucket) -> Backup:
    fill(empty_url, 20_000)
    return backup.make(empty_db, bucket.store())


def test_a_backup_in_a_bucket(run: Run, empty_url: str, bucket: Bucket) -> None:
    fill(empty_url, 1000)
    answer = run("backup", "--url", empty_url, "--store", bucket.url, env=bucket.environment)
    assert answer.code == 0, answer.stderr
    listed = run("backups", "--format", "json", env={**bucket.environment, "LITXDB_BACKUP_STORE": f"{bucket.url}/"})
    (row,) = listed.json["rows"]
    assert row["where"] == f"{bucket.url}/{row['name']}.dump.zst"
    assert {name.rpartition("/")[2] for name in bucket.files()} == {
        f"{row['name']}.dump.zst", f"{row['name']}.manifest.json"
    }  # fmt: skip
    assert SECRET not in answer.stdout + answer.stderr + listed.stdout + listed.stderr
    assert SECRET.encode() not in bucket.get(f"{row['name']}.manifest.json")


def test_what_was_put_there_is_read_back(made: Backup, bucket: Bucket) -> None:
    store = bucket.store()
    assert backup.inventory(store).backups == (made,)
    archive.check(store, made.manifest)
    with archive.raw(store, made.manifest) as reading:
        assert len(reading.read()) == made.manifest.archive.raw_bytes


def test_in_parts_and_encrypted(
    empty_url: str, empty_db: Database, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_store, "PART_BYTES", 5 << 20)  # the least that S3 takes
    fill(empty_url, 400_000)
    keys, store = Keys.make(tmp_path / "key.txt"), bucket.store()
    made = backup.make(empty_db, store, encryption=backup.encryption([keys.recipient]))
    assert made.manifest.archive.bytes > 2 * object_store.PART_BYTES
    assert bucket.uploads() == []
    archive.check(store, made.manifest)
    with archive.raw(store, made.manifest, backup.decryption(keys.identity, made.manifest.archive)) as reading:
        count = 0
        while block := reading.read(1 << 20):
            count += len(block)
    assert count == made.manifest.archive.raw_bytes


def test_several_tables_at_once(empty_url: str, empty_db: Database, bucket: Bucket) -> None:
    fill(empty_url, 1000)
    made = backup.make(empty_db, bucket.store(), jobs=2)
    archive.check(bucket.store(), made.manifest)


def test_a_file_appears_whole_or_not_at_all(bucket: Bucket) -> None:
    store = bucket.store()
    with contextlib.suppress(RuntimeError), store.create("a") as writing:
        for _ in range(40):
            writing.write(b"x" * 1_000_000)
        raise RuntimeError
    assert (bucket.files(), bucket.uploads()) == ([], [])
    with store.create("a") as writing:
        writing.write(b"x")
        assert list(store.list()) == []
    assert [(each.file, each.bytes) for each in store.list()] == [("a", 1)]
    with pytest.raises(FileExistsError), store.create("a"):
        pass
    with pytest.raises(FileNotFoundError):
        store.open("missing")
    store.replace("a", b"yy")
    with contextlib.closing(store.open("a")) as reading:
        assert reading.read() == b"yy"
    store.remove("a")
    store.remove("a")
    assert list(store.list()) == []


def test_of_many_who_write_one_file_one_does(bucket: Bucket) -> None:
    won: list[int] = []

    def work(number: int) -> None:
        with contextlib.suppress(FileExistsError), bucket.store().create("m") as writing:
            writing.write(f"{number}".encode())
            barrier.wait()
        if bucket.get("m") == f"{number}".encode():
            won.append(number)

    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_only_the_prefix_itself_is_the_store(made: Backup, bucket: Bucket) -> None:
    bucket.put(f"deeper/{made.manifest.archive.file}", b"x")
    bucket.put(made.manifest.archive.file, b"x", prefix=f"{PREFIX}2")
    bucket.put("notes.txt", b"x")
    assert backup.inventory(bucket.store()) == backup.Inventory(bucket.url, (made,))


def test_damage_is_noticed(made: Backup, bucket: Bucket) -> None:
    text = bucket.get(made.manifest.archive.file)
    bucket.put(made.manifest.archive.file, text[:5000] + bytes([text[5000] ^ 1]) + text[5001:])
    with pytest.raises(BackupDamaged):
        archive.check(bucket.store(), made.manifest)
    bucket.put(made.manifest.archive.file, text[:-1])
    assert "bytes instead of" in backup.inventory(bucket.store()).damaged[0].reason
    bucket.delete(made.manifest.archive.file)
    assert backup.inventory(bucket.store()).damaged[0].reason == "it is missing"


def test_many_records_are_read_at_once(made: Backup, bucket: Bucket) -> None:
    store = bucket.store()
    for number in range(50):
        proof = Proof(made.name, made.manifest.archive.sha256, made.manifest.finished_at, True, True, "0.1.0")
        records.write_proof(store, proof, f"{number:06}")
    bucket.put(f"{made.name}.proof-20261122T000000Z-ffffff.json", b"")
    found = backup.inventory(store)
    assert len(found.backups[0].proofs) == 50
    assert [each.reason for each in found.damaged] == ["is no record of litxdb's, or cut short"]
    names = [each.file for each in store.list()]
    read = store.read([*names, "missing"], 1000)
    assert set(read) == set(names)
    assert read[made.manifest.archive.file] == b""  # it is larger


def test_prune_in_a_bucket(empty_url: str, empty_db: Database, bucket: Bucket) -> None:
    store = bucket.store()
    for number in range(3):
        made = backup.make(empty_db, store)
        proof = Proof(made.name, made.manifest.archive.sha256, made.manifest.finished_at, True, True, "0.1.0")
        records.write_proof(store, proof, f"00000{number}")
    done = backup.prune(store, Retention(last=1, minimum=1))
    assert len(done.deleted) == 2
    assert {name.rpartition("/")[2].partition(".")[0] for name in bucket.files()} == {made.name}


def test_a_failed_run_leaves_its_reason_and_the_next_clears_up(
    run: Run, empty_url: str, bucket: Bucket, tmp_path: Path
) -> None:
    (tmp_path / "pg_dump").write_text("#!/bin/sh\ntest $1 = --version && echo 'pg_dump (PostgreSQL) 18.9'; exit 0\n")
    (tmp_path / "pg_dump").chmod(0o755)
    words = ("backup", "--url", empty_url, "--store", bucket.url)
    assert run(*words, env={**bucket.environment, "LITXDB_PG_BIN": str(tmp_path)}).code == 7
    found = backup.inventory(bucket.store())
    assert (found.backups, found.damaged, len(found.attempts)) == ((), (), 1)
    assert "wrote no archive" in str(found.attempts[0].error)
    archive_file = naming.archive_file(found.attempts[0].backup, parallel=False, encrypted=False)
    bucket.put(archive_file, b"as if it had been killed between the archive and the manifest")
    assert run(*words, env=bucket.environment).code == 0
    found = backup.inventory(bucket.store())
    assert (len(found.backups), found.damaged, found.attempts) == (1, (), ())
    assert len(bucket.files()) == 2


def test_an_upload_that_was_killed_is_cleared_away_by_the_next_run(
    empty_url: str, empty_db: Database, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_store, "PART_BYTES", 5 << 20)
    store = bucket.store()
    assert isinstance(store, object_store.ObjectStore)
    killed = backup.make(empty_db, store).manifest
    for each in (naming.manifest_file(killed.name), killed.archive.file):
        bucket.delete(each)
    source = killed.source
    records.write_attempt(store, Attempt(killed.name, source.database, source.place, killed.started_at, "h", 1))
    writers = [store.writer(file) for file in (killed.archive.file, f"deeper/{killed.archive.file}", "notes.txt")]
    for writer in writers:
        writer.write(b"x" * (6 << 20))
    assert killed.archive.file in {each.file for each in store.leftovers()}
    backup.make(empty_db, store)
    left = {name.removeprefix(f"{PREFIX}/") for name in bucket.uploads()}
    assert left == {f"deeper/{killed.archive.file}", "notes.txt"}


def test_uploads_are_let_be_where_that_is_not_allowed(answering: Callable[[int, str], str], bucket: Bucket) -> None:
    environment = {**bucket.environment, "AWS_ENDPOINT_URL": answering(403, "AccessDenied")}
    assert list(backup.open_store(bucket.url, environment).leftovers()) == []
    unknown = {name: value for name, value in bucket.environment.items() if not name.endswith("KEY")}
    assert list(backup.open_store(bucket.url, unknown).leftovers()) == []


@pytest.mark.parametrize("token", [None, "a/session+token="])
def test_requests_are_signed_as_amazon_does(token: str | None) -> None:
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    url = "https://s3.eu-central-1.amazonaws.com/litx/a%20b/100%25?prefix=back%20ups%2F&uploads="
    asked = AWSRequest(method="GET", url=url, data=b"")
    asked.context["payload_signing_enabled"] = True
    S3SigV4Auth(Credentials("bed", SECRET, token), "s3", "eu-central-1").add_auth(asked)
    now = datetime.strptime(asked.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    options = {"AWS_ACCESS_KEY_ID": "bed", "AWS_SECRET_ACCESS_KEY": SECRET}
    options |= {"AWS_SESSION_TOKEN": token} if token else {}
    path, _, query = url.removeprefix("https://s3.eu-central-1.amazonaws.com").partition("?")
    found = s3_uploads.signed("GET", "s3.eu-central-1.amazonaws.com", path, query, "eu-central-1", options, now)
    assert found["authorization"] == asked.headers["Authorization"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended(
    number: signal.Signals, start: Start, run: Run, empty_url: str, empty_db: Database, bucket: Bucket
) -> None:
    with contextlib.closing(psycopg2.connect(empty_url)) as blocking, blocking.cursor() as cursor:
        cursor.execute("create table t (id int)")
        blocking.commit()
        cursor.execute("lock table t in access exclusive mode")
        process = start("backup", "--url", empty_url, "--store", bucket.url, env=bucket.environment)
        until(lambda: any(name.endswith("attempt.json") for name in bucket.files()))
        process.send_signal(number)
        process.wait()
        sessions = "select count(*) from pg_stat_activity where application_name like 'litxdb backup%'"
        until(lambda: query(empty_db, f"{sessions} and datname = current_database()") == [(0,)])
    found = backup.inventory(bucket.store())
    assert (found.backups, found.damaged, len(found.attempts)) == ((), (), 1)
    assert run("backup", "--url", empty_url, "--store", bucket.url, env=bucket.environment).code == 0
    assert len(bucket.files()) == 2


def test_the_advisory_lock_stands_alone(start: Start, run: Run, empty_url: str, bucket: Bucket) -> None:
    with Database(empty_url, command="backup") as db, contextlib.closing(db.connect(direct=True)) as other:
        from litxdb.database.advisory import BACKUP, acquire

        other.autocommit = True
        acquire(other, BACKUP, 0, subject="another", notify=print)
        second = run("backup", "--url", empty_url, "--store", bucket.url, env=bucket.environment)
    assert second.code == 75
    assert bucket.files() == []


class Answering(http.server.BaseHTTPRequestHandler):
    """A store that says one thing to everybody."""

    status, body = 403, b""

    def answer(self) -> None:
        self.send_response(self.status)
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def answering() -> Iterator[Callable[[int, str], str]]:
    with contextlib.ExitStack() as stack:

        def listen(status: int, code: str) -> str:
            body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
            handler = type("Handler", (Answering,), {"status": status, "body": body})
            server = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield listen


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "AccessDenied", "access is denied"),
        (403, "InvalidAccessKeyId", "refuses the credentials"),
        (403, "SignatureDoesNotMatch", "refuses the credentials"),
        (400, "ExpiredToken", "refuses the credentials"),
        (403, "RequestTimeTooSkewed", "its clock and this machine's differ"),
        (404, "NoSuchBucket", "there is no such bucket"),
        (301, "PermanentRedirect", "in another region"),
        (400, "EntirelyNew", "it says EntirelyNew"),
    ],
)
def test_what_a_store_refuses_is_said_in_words(
    status: int, code: str, said: str, answering: Callable[[int, str], str], bucket: Bucket, run: Run, db_url: str
) -> None:
    environment = {**bucket.environment, "AWS_ENDPOINT_URL": answering(status, code)}
    for words in (("backups",), ("backup", "--url", db_url), ("prune", "--keep-last", "1")):
        answer = run(*words, "--store", bucket.url, env=environment)
        assert (answer.code, said in answer.stderr) == (3, True), answer.stderr
        assert len(answer.stderr.splitlines()) == 2
        assert SECRET not in answer.stderr


def test_a_bucket_that_is_not_there(bucket: Bucket, run: Run, db_url: str) -> None:
    for words in (("backups",), ("backup", "--url", db_url)):
        answer = run(*words, "--store", "s3://nothing-here/x", env=bucket.environment)
        assert answer.code == 3
        assert "The backup store s3://nothing-here/x cannot be used: there is no such bucket." in answer.stderr


def test_no_network(bucket: Bucket, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "RETRY", {"max_retries": 1})
    answer = run("backups", "--store", bucket.url, env={**bucket.environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert (answer.code, "it does not answer" in answer.stderr) == (3, True)


def test_a_server_that_dies_during_the_upload(bed_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "RETRY", {"max_retries": 0})
    monkeypatch.setattr(object_store, "PART_BYTES", 5 << 20)
    uploading = contextlib.ExitStack()
    with buckets.serving(bed_directory / "dying") as endpoint:
        writing = uploading.enter_context(buckets.new_bucket(endpoint).store().create("a"))
        writing.write(os.urandom(11 << 20))
    with pytest.raises(StoreUnusable, match="it does not answer"), uploading:
        writing.write(os.urandom(30 << 20))


def test_a_dump_that_fails_during_the_upload(
    empty_url: str, empty_db: Database, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts that were sent already are gone again."""
    monkeypatch.setattr(object_store, "PART_BYTES", 5 << 20)
    fill(empty_url, 400_000)

    def failing(head: bytes) -> None:
        assert bucket.uploads()
        raise ToolMissing("It broke off.")

    monkeypatch.setattr(dumping, "require_archive", failing)
    with pytest.raises(ToolMissing):
        backup.make(empty_db, bucket.store())
    found = backup.inventory(bucket.store())
    assert (found.backups, found.damaged, bucket.uploads()) == ((), (), [])
    assert [each.error for each in found.attempts] == ["It broke off."]


def test_ctrl_c_is_heard_while_a_store_says_nothing(start: Start, bucket: Bucket) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(PATIENCE_SECONDS)
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = start("backups", "--store", bucket.url, env={**bucket.environment, "AWS_ENDPOINT_URL": endpoint})
        with contextlib.closing(silent.accept()[0]):
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_SECONDS) == 130


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "s3://key:hunter22@bucket/x", "s3://bucket/x?secret=hunter22"])
def test_what_is_no_address_of_a_bucket(url: str, run: Run) -> None:
    answer = run("backups", "--store", url)
    assert answer.code == 3
    assert "hunter22" not in answer.stderr


def test_without_obstore(run: Run, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "obstore"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "obstore", None)
    answer = run("backups", "--store", bucket.url, env=bucket.environment)
    assert answer.code == 7
    assert "litxdb[s3]" in answer.stderr


def test_credentials_from_the_env_file(tmp_path: Path, bucket: Bucket, run: Run) -> None:
    path = Path(".env")
    path.write_text("".join(f"{name}='{value}'\n" for name, value in bucket.environment.items()))
    path.chmod(0o600)
    assert run("backups", "--store", bucket.url).code == 0
    assert SECRET not in repr(Settings.load(environ=dict(os.environ)))


def test_http_is_for_this_machine_only(bucket: Bucket, run: Run) -> None:
    environment = {**bucket.environment, "AWS_ENDPOINT_URL": "http://store.invalid:9000"}
    answer = run("backups", "--store", bucket.url, env=environment)
    assert (answer.code, "without TLS" in answer.stderr) == (3, True), answer.stderr
