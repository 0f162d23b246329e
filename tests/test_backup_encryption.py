"""Encrypted backups: what comes out is what went in, and whatever is not is refused by name."""

import contextlib
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pyrage
import pytest
import zstandard

from litxdb import backup
from litxdb.backup import age, archive
from litxdb.backup.results import Backup
from litxdb.database import Database
from litxdb.errors import BackupDamaged, ConfigurationInvalid, Refused, StoreUnusable
from tests.bed.keys import Keys
from tests.bed.program import Outcome

Run = Callable[..., Outcome]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys.make(tmp_path / "key.txt")


@pytest.fixture
def made(empty_url: str, empty_db: Database, store: backup.Store, keys: Keys) -> Backup:
    with contextlib.closing(psycopg2.connect(empty_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("create table t as select md5(n::text) from generate_series(1, 50000) n")
    return backup.make(empty_db, store, encryption=backup.encryption([keys.recipient]))


def read(store: backup.Store, made: Backup, identity: Path | None) -> bytes:
    with archive.raw(store, made.manifest, backup.decryption(identity, made.manifest.archive)) as reading:
        return reading.read()


def test_what_was_encrypted_is_read_with_the_identity(made: Backup, store: backup.Store, keys: Keys) -> None:
    found = made.manifest.archive
    assert found.file.endswith(".dump.zst.age")
    assert found.recipients == (age.fingerprint(keys.recipient),)
    archive.check(store, made.manifest)  # needs no key
    text = read(store, made, keys.identity)
    assert (text[:5], len(text)) == (b"PGDMP", found.raw_bytes)


def test_it_is_age_and_zstd_and_nothing_of_ours(made: Backup, store: backup.Store, place: Path, keys: Keys) -> None:
    """What one would do by hand: age -d -i key.txt FILE | zstd -d."""
    secret = pyrage.x25519.Identity.from_str(keys.identity.read_text().splitlines()[-1])
    packed = pyrage.decrypt((place / made.manifest.archive.file).read_bytes(), [secret])
    with zstandard.ZstdDecompressor().stream_reader(packed) as unpacked:
        assert unpacked.read() == read(store, made, keys.identity)


def test_no_plaintext_is_in_the_store(empty_url: str, run: Run, place: Path, keys: Keys) -> None:
    with contextlib.closing(psycopg2.connect(empty_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("create table t as select 'abracadabra'::text as word")
    assert run("backup", "--url", empty_url, "--store", place, "--recipient", keys.recipient).code == 0
    files = [path.read_bytes() for path in place.iterdir() if path.name.endswith(".age")]
    assert len(files) == 1
    assert files[0].startswith(b"age-encryption.org/v1\n")
    assert b"abracadabra" not in files[0]
    assert keys.identity.read_text().splitlines()[-1] not in "".join(path.read_text() for path in place.glob("*.json"))


def test_any_of_several_recipients_can_decrypt(
    empty_db: Database, store: backup.Store, keys: Keys, tmp_path: Path
) -> None:
    escrow, stranger = Keys.make(tmp_path / "escrow.txt"), Keys.make(tmp_path / "stranger.txt")
    listed = tmp_path / "recipients"
    listed.write_text(f"# who may\n\n{escrow.recipient}\n{keys.recipient}\n")
    made = backup.make(empty_db, store, encryption=backup.encryption([keys.recipient, str(listed)]))
    assert len(made.manifest.archive.recipients) == 2
    both = tmp_path / "both.txt"
    both.write_text(stranger.identity.read_text() + escrow.identity.read_text())
    assert read(store, made, keys.identity) == read(store, made, escrow.identity) == read(store, made, both)
    with pytest.raises(ConfigurationInvalid, match=f"it is encrypted to .*{age.fingerprint(keys.recipient)}"):
        read(store, made, stranger.identity)


def test_without_an_identity_or_with_no_good_one(made: Backup, store: backup.Store, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="is encrypted, and no identity was given"):
        read(store, made, None)
    with pytest.raises(ConfigurationInvalid, match="no identity"), archive.raw(store, made.manifest):
        pass
    with pytest.raises(ConfigurationInvalid, match="No such file"):
        read(store, made, tmp_path / "nothing")
    wrong = tmp_path / "wrong"
    for content, said in (("# empty\n", "no secret key"), ("hello\n", "is no age key"), ("\xe9\n", "is no text")):
        wrong.write_text(content, encoding="utf-8")
        with pytest.raises(ConfigurationInvalid, match=said):
            read(store, made, wrong)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data[:-16],
        lambda data: data[: len(data) // 2],
        lambda data: data[:150],
        lambda data: b"",
        lambda data: data + b"x",
        lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],  # whom it is for
        lambda data: data[:150] + bytes([data[150] ^ 1]) + data[151:],
        lambda data: data[:-70000] + bytes([data[-70000] ^ 1]) + data[-69999:],
        lambda data: bytes(reversed(data)),
    ],
)
def test_damaged_ciphertext_is_damage(
    change: Callable[[bytes], bytes], made: Backup, store: backup.Store, place: Path, keys: Keys
) -> None:
    path = place / made.manifest.archive.file
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BackupDamaged, match=made.manifest.archive.file):
        read(store, made, keys.identity)
    assert not any(thread.name == "litxdb age" for thread in threading.enumerate())


def test_a_reader_may_stop_in_the_middle(made: Backup, store: backup.Store, keys: Keys) -> None:
    decrypt = backup.decryption(keys.identity, made.manifest.archive)
    with archive.raw(store, made.manifest, decrypt) as reading:
        assert reading.read(5) == b"PGDMP"
    assert not any(thread.name == "litxdb age" for thread in threading.enumerate())


class Full(io.RawIOBase):
    """A disk that takes so much and no more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, data: Any) -> int:
        self.room -= len(data)
        if self.room < 0:
            raise StoreUnusable("The disk is full.")
        return len(data)


def write(target: Any, recipient: str, blocks: int, then: Exception | None = None) -> None:
    found = backup.encryption([recipient])
    assert found
    with found.encrypt(target) as writing:
        for _ in range(blocks):
            writing.write(b"x" * 1_000_000)
        if then:
            raise then


@pytest.mark.parametrize("room", [0, 100, 3_000_000])
def test_a_store_that_fails_says_so_itself(room: int, keys: Keys) -> None:
    with pytest.raises(StoreUnusable, match="disk is full"):
        write(Full(room), keys.recipient, 40)
    assert not any(thread.name == "litxdb age" for thread in threading.enumerate())


def test_what_the_writer_does_wrong_comes_through(keys: Keys) -> None:
    with pytest.raises(ZeroDivisionError):
        write(io.BytesIO(), keys.recipient, 3, ZeroDivisionError())
    assert not any(thread.name == "litxdb age" for thread in threading.enumerate())


@pytest.mark.parametrize(
    "text", ["age1notakey", "/nowhere/recipients", "", "AGE-SECRET-KEY-1QQQQ", "ssh-ed25519 AAAA ada@host"]
)
def test_recipients_that_are_none_stop_the_backup(text: str, run: Run, db_url: str, place: Path) -> None:
    answer = run("backup", "--url", db_url, "--store", place, "--recipient", text)
    assert answer.code == 3
    assert "QQQQ" not in answer.stderr
    assert not place.exists()


def test_a_secret_key_in_the_wrong_place_is_not_shown(run: Run, db_url: str, place: Path, keys: Keys) -> None:
    secret = keys.identity.read_text().splitlines()[-1]
    for recipient in (secret, str(keys.identity)):
        answer = run("backup", "--url", db_url, "--store", place, "--recipient", recipient)
        assert answer.code == 3
        assert "It is a secret key" in answer.stderr
        assert secret not in answer.stderr


def test_recipients_from_the_environment(run: Run, db_url: str, place: Path, keys: Keys, tmp_path: Path) -> None:
    other = Keys.make(tmp_path / "other.txt")
    both = {"LITXDB_BACKUP_RECIPIENTS": f"{keys.recipient}, {other.recipient}"}
    answer = run("backup", "--url", db_url, "--store", place, "--format", "json", env=both)
    assert answer.json["manifest"]["archive"]["recipients"] == [
        age.fingerprint(keys.recipient), age.fingerprint(other.recipient)
    ]  # fmt: skip
    assert answer.json["encrypted"] is True
    assert "encrypted" in run("backup", "--url", db_url, "--store", place, "-r", keys.recipient).stdout
    empty = run("backup", "--url", db_url, "--store", place, env={"LITXDB_BACKUP_RECIPIENTS": " "})
    assert (empty.code, "LITXDB_BACKUP_RECIPIENTS is set but empty" in empty.stderr) == (3, True)


def test_a_file_without_recipients_is_no_reason_to_write_plaintext(tmp_path: Path) -> None:
    (tmp_path / "none").write_text("# nobody yet\n")
    with pytest.raises(ConfigurationInvalid, match="no recipient"):
        backup.encryption([str(tmp_path / "none")])
    assert backup.encryption([]) is None


def test_several_tables_at_once_would_leave_plaintext(empty_db: Database, store: backup.Store, keys: Keys) -> None:
    with pytest.raises(Refused, match="unencrypted on the disk"):
        backup.make(empty_db, store, jobs=2, encryption=backup.encryption([keys.recipient]))
