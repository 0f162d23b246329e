"""Records, archives and stores: what is damaged is noticed, and what is not whole is not there."""

import contextlib
import json
import os
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest

from litxdb import backup
from litxdb.backup import archive, naming, records
from litxdb.backup.manifest import Manifest
from litxdb.backup.results import Attempt, Backup, Inventory, Proof
from litxdb.database import Database
from litxdb.errors import BackupDamaged, ConfigurationInvalid, LockHeld
from tests.bed.program import Outcome

Run = Callable[..., Outcome]


@pytest.fixture
def made(empty_url: str, empty_db: Database, store: backup.Store) -> Backup:
    with contextlib.closing(psycopg2.connect(empty_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("create table t as select md5(n::text) from generate_series(1, 20000) n")
    return backup.make(empty_db, store)


def proof(of: Backup, *, hours: float = 0, full: bool = True, ok: bool = True, sha256: str | None = None) -> Proof:
    at = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(hours=hours)
    checksum = sha256 or of.manifest.archive.sha256
    return Proof(of.name, checksum, at, full, ok, "0.1.0", 180006, 12.5 if full else None, 20.0)


def test_a_record_comes_back_as_it_was(made: Backup) -> None:
    manifest = made.manifest
    assert records.decode(records.encode(manifest), Manifest, "x") == manifest
    attempt = Attempt(made.name, 'we"ird\n', "db:5432", datetime.now(UTC), "host", 1, "disk\ud800 full")
    assert records.decode(records.encode(replace(attempt, error="full")), Attempt, "x").error == "full"


def test_every_byte_of_a_manifest_counts(made: Backup) -> None:
    """Whatever single byte changes, the manifest is either refused or says the same."""
    text = records.encode(made.manifest)
    chance, refused = random.Random(5), 0
    for _ in range(300):
        at = chance.randrange(len(text))
        changed = text[:at] + bytes([chance.randrange(256)]) + text[at + 1 :]
        try:
            assert records.decode(changed, Manifest, "x") == made.manifest
        except BackupDamaged:
            refused += 1
    assert refused > 250
    for at in (0, 1, 100, len(text) // 2, len(text) - 3):
        with pytest.raises(BackupDamaged):
            records.decode(text[:at], Manifest, "x")


def test_a_record_from_the_future_and_one_of_another_kind(made: Backup) -> None:
    envelope = json.loads(records.encode(made.manifest))
    with pytest.raises(BackupDamaged, match="newer litxdb"):
        records.decode(json.dumps({**envelope, "format": 2}).encode(), Manifest, "x")
    with pytest.raises(BackupDamaged, match="checksum"):
        records.decode(json.dumps(envelope).encode(), Proof, "x")


def test_a_field_that_a_later_version_added_does_no_harm(made: Backup) -> None:
    envelope = json.loads(records.encode(made.manifest))
    envelope["content"]["mood"] = "fine"
    envelope["sha256"] = records._checksum(envelope["content"])
    assert records.decode(json.dumps(envelope).encode(), Manifest, "x") == made.manifest


def damage(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("change", "listed", "reason"),
    [
        (lambda data: data[:-1], False, "bytes instead of"),
        (lambda data: b"", False, "bytes instead of"),
        (lambda data: data + b"x", False, "bytes instead of"),
        (lambda data: data[:9000] + bytes([data[9000] ^ 1]) + data[9001:], True, ""),
        (lambda data: bytes(reversed(data)), True, ""),
    ],
)
def test_a_damaged_archive_is_noticed(
    change: Callable[[bytes], bytes], listed: bool, reason: str, made: Backup, store: backup.Store, place: Path
) -> None:
    damage(place / made.manifest.archive.file, change)
    found = backup.inventory(store)
    assert (found.backups == (made,)) == listed
    assert [(each.file, reason in each.reason) for each in found.damaged] == (
        [] if listed else [(made.manifest.archive.file, True)]
    )
    with pytest.raises(BackupDamaged, match=made.manifest.archive.file):
        archive.check(store, made.manifest)
    with pytest.raises(BackupDamaged, match=made.manifest.archive.file), archive.raw(store, made.manifest) as reading:
        reading.read()


def test_an_intact_archive_is_read_to_its_end(made: Backup, store: backup.Store) -> None:
    archive.check(store, made.manifest)
    with archive.raw(store, made.manifest) as reading:
        assert reading.read(5) == b"PGDMP"
        assert 5 + len(reading.read()) == made.manifest.archive.raw_bytes


def test_another_archive_in_its_place(
    made: Backup, empty_url: str, empty_db: Database, store: backup.Store, place: Path
) -> None:
    with contextlib.closing(psycopg2.connect(empty_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("update t set md5 = '' where md5 = (select min(md5) from t)")
    other = backup.make(empty_db, store)
    (place / other.manifest.archive.file).replace(place / made.manifest.archive.file)
    with pytest.raises(BackupDamaged):
        archive.check(store, made.manifest)
    with pytest.raises(BackupDamaged, match="is missing"):
        archive.check(store, other.manifest)
    assert other.manifest.archive.file in [each.file for each in backup.inventory(store).damaged]


def test_another_manifest_under_its_name(made: Backup, empty_db: Database, store: backup.Store, place: Path) -> None:
    other = backup.make(empty_db, store)
    text = (place / naming.manifest_file(other.name)).read_bytes()
    (place / naming.manifest_file(made.name)).write_bytes(text)
    found = backup.inventory(store)
    assert [each.name for each in found.backups] == [other.name]
    assert found.damaged[0].reason == f"it is the manifest of {other.name}"


def test_a_manifest_that_names_a_file_elsewhere(made: Backup, store: backup.Store, place: Path) -> None:
    elsewhere = replace(made.manifest, archive=replace(made.manifest.archive, file="../../etc/passwd"))
    (place / naming.manifest_file(made.name)).write_bytes(records.encode(elsewhere))
    assert backup.inventory(store).backups == ()


def test_an_archive_without_its_manifest_is_named(made: Backup, store: backup.Store, place: Path) -> None:
    (place / naming.manifest_file(made.name)).unlink()
    found = backup.inventory(store)
    assert (found.backups, [each.reason for each in found.damaged]) == ((), ["its manifest is missing"])


def test_strangers_files_are_no_concern_of_ours(made: Backup, store: backup.Store, place: Path) -> None:
    for name in ("notes.txt", f"{made.name}.dump.zst.bak", "x.manifest.json", f"{made.name}.PROOF.json"):
        (place / name).write_text("hello")
    (place / "folder").mkdir()
    (place / "link.dump.zst").symlink_to("nowhere")
    assert backup.inventory(store) == Inventory(str(place), (made,))


def test_the_newest_full_proof_decides(made: Backup, store: backup.Store) -> None:
    def judged(*proofs: Proof) -> bool | None:
        return replace(made, proofs=proofs).verified

    assert judged() is None
    assert judged(proof(made, full=False)) is None
    assert judged(proof(made), proof(made, full=False)) is True
    assert judged(proof(made), proof(made, full=False, ok=False)) is False
    assert judged(proof(made, ok=False), proof(made)) is True
    assert judged(proof(made), proof(made, ok=False)) is False

    for number, each in enumerate((proof(made, hours=2), proof(made, hours=1, ok=False), proof(made, sha256="0" * 64))):
        records.write_proof(store, each, f"00000{number}")
    (found,) = backup.inventory(store).backups
    assert [each.ok for each in found.proofs] == [False, True]
    assert found.verified


def test_a_damaged_proof_proves_nothing_and_is_named(made: Backup, store: backup.Store, place: Path) -> None:
    records.write_proof(store, proof(made), "000000")
    (path,) = place.glob("*.proof-*")
    damage(path, lambda text: text.replace(b'"ok": true', b'"ok":  true').replace(b"12.5", b"11.5"))
    found = backup.inventory(store)
    assert (found.backups[0].verified, found.damaged[0].file) == (None, path.name)


def test_a_backup_is_found_by_the_beginning_of_its_name(made: Backup, empty_db: Database, store: backup.Store) -> None:
    other = backup.make(empty_db, store)
    found = backup.inventory(store)
    assert backup.find(found, made.name) == made
    assert backup.find(found, other.name[:-1]) == other
    with pytest.raises(ConfigurationInvalid, match="2 backups"):
        backup.find(found, "test_")
    with pytest.raises(ConfigurationInvalid, match="no backup nothing"):
        backup.find(found, "nothing")


def test_backups_are_sorted_by_the_servers_clock(made: Backup, empty_db: Database, store: backup.Store) -> None:
    other = backup.make(empty_db, store)
    late = replace(made.manifest, name=other.name, snapshot_at=made.manifest.snapshot_at - timedelta(days=1))
    store.replace(naming.manifest_file(other.name), records.encode(replace(late, archive=other.manifest.archive)))
    assert [each.name for each in backup.inventory(store).backups] == [made.name, other.name]


def test_objectives(made: Backup) -> None:
    def measured(hours: float, *proofs: Proof) -> tuple[object, ...]:
        now = made.manifest.snapshot_at + timedelta(hours=hours)
        (aim,) = backup.objectives(Inventory("", (replace(made, proofs=proofs),)), now)
        return aim.rpo_seconds, aim.rpo_ok, aim.rto_seconds, aim.rto_ok

    assert measured(1) == (None, False, None, False)
    assert measured(1, proof(made, ok=False)) == (None, False, None, False)
    assert measured(1, proof(made)) == (3600, True, 12.5, True)
    assert measured(24.1, proof(made))[:2] == (pytest.approx(24.1 * 3600), False)
    assert measured(-5, proof(made))[0] == 0  # the server's clock is ahead
    assert measured(1, replace(proof(made), restore_seconds=3601.0))[2:] == (3601, False)


def test_backups_says_all_of_it(made: Backup, run: Run, store: backup.Store, place: Path) -> None:
    records.write_proof(store, proof(made), "000000")
    assert run("backups", "--store", place, "--check").code == 0
    name = naming.backup_name("x", datetime.now(UTC), "abcdef")
    store.replace(naming.attempt_file(name), records.encode(
        Attempt(name, made.manifest.source.database, "p", datetime.now(UTC), "h", 1, "disk full")))  # fmt: skip
    failed = run("backups", "--store", place, "--check")
    assert failed.code == 1
    assert "failed: disk full" in failed.stderr
    store.remove(naming.attempt_file(name))
    (place / naming.manifest_file(name)).write_text("{")
    damaged = run("backups", "--store", place, "--check")
    assert damaged.code == 1
    assert f"damaged: {name}.manifest.json: is no record of litxdb's, or cut short" in damaged.stderr
    assert made.name in damaged.stdout


def test_backups_of_nothing(run: Run, place: Path) -> None:
    assert run("backups", "--store", place).code == 3  # it may be on a disk that is not mounted
    place.mkdir()
    empty = run("backups", "--store", place)
    assert (empty.code, empty.stdout) == (0, f"No backups in {place}\n")
    assert run("backups", "--store", place, "--check").code == 1


@pytest.mark.parametrize("text", ["", "  ", "ftp://host/x"])
def test_what_is_no_store(text: str, run: Run) -> None:
    assert run("backups", "--store", text).code == 3


def test_a_file_appears_whole_or_not_at_all(store: backup.Store, place: Path) -> None:
    with contextlib.suppress(RuntimeError), store.create("a") as writing:
        writing.write(b"x" * 3_000_000)
        raise RuntimeError
    assert list(place.iterdir()) == []
    with store.create("a") as writing:
        writing.write(b"x")
        assert list(store.list()) == []
        assert [each.file for each in store.leftovers()] == ["a"]
    assert [each.file for each in store.list()] == ["a"]
    with pytest.raises(FileExistsError), store.create("a"):
        pass
    with contextlib.closing(store.open("a")) as reading:
        assert reading.read() == b"x"


def test_what_the_caller_does_wrong_is_not_the_stores_fault(store: backup.Store) -> None:
    with pytest.raises(ConnectionResetError), store.create("a"):
        raise ConnectionResetError
    with pytest.raises(FileNotFoundError):
        store.open("missing")


def test_a_link_is_not_followed(place: Path, tmp_path: Path) -> None:
    place.mkdir()
    (place / "a.partial").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError), backup.open_store(str(place)).create("a"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_lock_is_held_by_one_and_by_its_children(store: backup.Store, place: Path) -> None:
    with store.lock("x", "Another") as held:
        with pytest.raises(LockHeld, match=f"pid {os.getpid()} since"), store.lock("x", "Another"):
            pass
        assert held is not None
        child = os.dup(held)
    with pytest.raises(LockHeld), store.lock("x", "Another"):
        pass
    os.close(child)
    with store.lock("x", "Another"), store.lock("y", "Another"):
        pass
    assert sorted(path.name for path in place.iterdir()) == [".x.lock", ".y.lock"]


def test_many_want_the_lock_and_one_at_a_time_has_it(store: backup.Store) -> None:
    inside, most = [0], [0]

    def work() -> None:
        for _ in range(50):
            with contextlib.suppress(LockHeld), store.lock("x", "Another"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_old_leftovers_go_and_a_strangers_attempt_stays(
    made: Backup, empty_db: Database, store: backup.Store, place: Path
) -> None:
    old = naming.archive_file(naming.backup_name("other", datetime.now(UTC), "aaaaaa"), parallel=False, encrypted=False)
    for name in (f"{old}.partial", f"{old}.d.partial/1.dat", "notes.partial"):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text("x")
    two_days_ago = datetime.now().timestamp() - 2 * 86400
    for path in place.glob("*.partial"):
        os.utime(path, (two_days_ago, two_days_ago))
    half_an_hour_ago = datetime.now().timestamp() - 1800
    for name in (naming.attempt_file(naming.backup_name("other", datetime.now(UTC), "cccccc")), f"live{old}"):
        (place / f"{name}.partial").write_text("{")
        os.utime(place / f"{name}.partial", (half_an_hour_ago, half_an_hour_ago))
    stranger = naming.backup_name("other", datetime.now(UTC), "bbbbbb")
    store.replace(naming.attempt_file(stranger), records.encode(
        Attempt(stranger, "other", "elsewhere:5432", datetime.now(UTC), "h", 1)))  # fmt: skip
    backup.make(empty_db, store)
    assert {path.name for path in place.glob("*.partial")} == {"notes.partial", f"live{old}.partial"}
    assert [each.backup for each in backup.inventory(store).attempts] == [stranger]
