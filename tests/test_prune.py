"""litxdb prune: what goes is what the rules say, and nothing else, whatever happens meanwhile."""

import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from litxdb import backup
from litxdb.backup import naming, records
from litxdb.backup.manifest import Manifest
from litxdb.backup.retention import Retention
from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, LockHeld, StoreUnusable
from tests.bed.backups import Shelf
from tests.bed.program import Outcome
from tests.bed.terminal import on_terminal

Run = Callable[..., Outcome]
ONE = Retention(last=1, minimum=1)


@pytest.fixture
def shelf(empty_db: Database, place: Path) -> Shelf:
    return Shelf(empty_db, place)


def left(shelf: Shelf) -> list[str]:
    return [each.name for each in backup.inventory(shelf.store).backups]


def files(place: Path) -> set[str]:
    return {path.name for path in place.iterdir() if not path.name.startswith(".")}


def test_what_no_rule_keeps_goes_with_all_its_files(shelf: Shelf, place: Path, run: Run) -> None:
    old, newest = shelf.add(50, verified=True), shelf.add(2, verified=True)
    answer = run("prune", "--store", place, "--keep-last", "1", "--minimum", "1", "--yes", "--format", "json")
    assert answer.code == 0, answer.stderr
    assert (answer.json["deleted"], answer.json["resumed"]) == ([old.name], [])
    assert [(row["name"], row["keep"], row["reasons"]) for row in answer.json["rows"]] == [
        (newest.name, True, ["newest verified", "last"]),
        (old.name, False, ["no rule keeps it"]),
    ]
    assert "This deletes 1 backup" in answer.stderr
    assert left(shelf) == [newest.name]
    assert {name.partition(".")[0] for name in files(place)} == {newest.name}


def test_strangers_files_stay(shelf: Shelf, place: Path) -> None:
    old = shelf.add(50, verified=True)
    shelf.add(2, verified=True)
    strangers = {"notes.txt", f"{old.name}.dump.zst.bak", f"{old.name}", f"x{old.name}.dump.zst", f"{old.name}.sql"}
    for name in strangers:
        (place / name).write_text("hello")
    assert backup.prune(shelf.store, ONE).deleted == (old.name,)
    assert strangers == {name for name in files(place) if old.name in name or name == "notes.txt"}


def test_a_dry_run_shows_all_of_it_and_touches_nothing(shelf: Shelf, place: Path, run: Run) -> None:
    for hours in (2, 30, 60, 90, 120):
        shelf.add(hours, verified=True)
    before = files(place)
    answer = run("prune", "--store", place, "--keep-daily", "2", "--dry-run")
    assert answer.code == 0
    assert answer.stdout.count("delete") == 2
    assert "one of the newest 3" in answer.stdout
    assert files(place) == before


def test_it_asks_and_silence_is_a_no(shelf: Shelf, place: Path, run: Run) -> None:
    for hours in (2, 50):
        shelf.add(hours, verified=True)
    words = ("prune", "--store", place, "--keep-last", "1", "--minimum", "1")
    answer = run(*words)
    assert answer.code == 6
    assert "Add --yes" in answer.stderr
    assert len(left(shelf)) == 2
    quiet = run(*words, "--yes", "--quiet")
    assert (quiet.code, quiet.stdout, quiet.stderr) == (0, "", "")
    assert len(left(shelf)) == 1
    again = run(*words)
    assert (again.code, "Nothing to delete" in again.stdout) == (0, True)


def test_no_rule_is_no_order_to_delete_everything(shelf: Shelf, place: Path, run: Run) -> None:
    shelf.add(2, verified=True)
    assert run("prune", "--store", place, "--yes").code == 2
    with pytest.raises(ArgumentInvalid):
        backup.prune(shelf.store, Retention())
    assert run("prune", "--store", place, "--keep-within", "soon", "--yes").code == 2
    assert run("prune", "--store", place, "--keep-last", "1", "--timezone", "Mars/Olympus", "--yes").code == 2
    assert run("prune", "--store", place, "--keep-last", "1", "--timezone", "../etc/passwd", "--yes").code == 2
    assert run("prune", "--store", place, "--keep-last", "1", "--minimum", "0", "--yes").code == 2
    assert run("prune", "--store", place.with_name("elsewhere"), "--keep-last", "1", "--yes").code == 3
    assert len(left(shelf)) == 1


def test_without_a_verified_one_nothing_goes(shelf: Shelf, place: Path, run: Run) -> None:
    for hours in (2, 50, 100, 200):
        shelf.add(hours)
    shelf.add(300, verified=False)
    answer = run("prune", "--store", place, "--keep-last", "1", "--yes")
    assert answer.code == 0
    assert "none of its backups is verified" in answer.stderr
    assert len(left(shelf)) == 5


@pytest.mark.parametrize("error", ["disk full", None])
def test_after_a_run_that_failed_nothing_goes(error: str | None, shelf: Shelf, place: Path, run: Run) -> None:
    for hours in (2, 50, 100, 200):
        shelf.add(hours, verified=True)
    shelf.attempt(1000, host="here", pid=1, error=error)  # whatever clocks say: success would have cleared it away
    answer = run("prune", "--store", place, "--keep-last", "1", "--yes", "--quiet")
    assert answer.code == 1
    assert (f"failed: {error}" if error else "is under way, or was killed") in answer.stderr
    assert len(left(shelf)) == 4


def test_a_database_does_not_answer_for_another(shelf: Shelf) -> None:
    """Rules count within one database, and so does a failure."""
    mine = [shelf.add(hours, verified=True).name for hours in (2, 50, 100)]
    other = [shelf.add(hours, verified=True) for hours in (3, 51, 101)]
    for manifest in other:
        source = replace(manifest.source, database="other")
        shelf.store.replace(naming.manifest_file(manifest.name), records.encode(replace(manifest, source=source)))
    failed = shelf.attempt(1, host="h", pid=1, error="no")
    done = backup.prune(shelf.store, ONE)
    assert set(done.deleted) == {other[1].name, other[2].name}
    assert [each.database for each in done.withheld] == [failed.database]
    shelf.store.remove(naming.attempt_file(failed.backup))
    assert set(backup.prune(shelf.store, ONE).deleted) == set(mine[1:])


def test_a_damaged_backup_stays_and_counts_for_nothing(shelf: Shelf, place: Path) -> None:
    kept = shelf.add(50, verified=True)
    broken = shelf.add(2, verified=True)
    (place / broken.archive.file).write_bytes(b"x")
    lost = shelf.add(3, verified=True)
    (place / naming.manifest_file(lost.name)).unlink()
    done = backup.prune(shelf.store, ONE)
    assert (done.deleted, left(shelf)) == ((), [kept.name])
    assert {each.file for each in done.damaged} == {broken.archive.file, lost.archive.file}
    assert (place / lost.archive.file).exists()


def test_one_that_did_not_verify_goes_later(shelf: Shelf) -> None:
    bad, unknown = shelf.add(72, verified=False), shelf.add(60)
    young, good = shelf.add(30), shelf.add(2, verified=True)
    assert set(backup.prune(shelf.store, ONE).deleted) == {bad.name, unknown.name}
    assert left(shelf) == [good.name, young.name]


def test_a_proof_that_failed_afterwards_counts(shelf: Shelf) -> None:
    older = shelf.add(30, verified=True)
    newer = shelf.add(2, verified=True)
    shelf.prove(newer, ok=False, hours=0, full=False)
    assert backup.prune(shelf.store, ONE).deleted == ()
    assert left(shelf) == [newer.name, older.name]


class Killed(BaseException):
    """As good as kill -9: nothing of ours runs on."""


def dying(act: Callable[..., None], steps: Iterator[int], fatal: int) -> Callable[..., None]:
    """Do it, unless this is the fatal step."""

    def step(*arguments: object) -> None:
        if next(steps) == fatal:
            raise Killed
        act(*arguments)

    return step


def test_killed_between_any_two_steps(empty_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is listed is whole, and the next run comes to where this one would have."""
    shelf = Shelf(empty_db, tmp_path / "store")
    for fatal in itertools.count():
        for file in list(shelf.store.list()):
            shelf.store.remove(file.file)
        keep = shelf.add(2, verified=True)
        old = [shelf.add(hours, verified=True) for hours in (50, 100)]
        shelf.prove(old[0], ok=True, hours=10)
        steps = itertools.count()

        with monkeypatch.context() as patch, contextlib.suppress(Killed):
            patch.setattr(shelf.store, "remove", dying(shelf.store.remove, steps, fatal))
            patch.setattr(shelf.store, "replace", dying(shelf.store.replace, steps, fatal))
            backup.prune(shelf.store, ONE)
            break
        found = backup.inventory(shelf.store)
        assert found.damaged == ()
        assert keep.name in [each.name for each in found.backups]
        for each in found.backups:
            assert each.verified
        done = backup.prune(shelf.store, ONE)
        assert set(done.resumed) | set(done.deleted) <= {each.name for each in old}
        assert {name.partition(".")[0] for name in files(tmp_path / "store")} == {keep.name}, fatal
    assert fatal > 8


def test_killed_while_it_marks_a_backup(shelf: Shelf, place: Path) -> None:
    shelf.add(2, verified=True)
    old = shelf.add(50, verified=True)
    (place / f"{naming.tombstone_file(old.name)}.partial").write_text("litxdb pr")
    assert backup.prune(shelf.store, ONE).deleted == (old.name,)
    assert not any(old.name in name for name in files(place))


def test_the_mark_on_a_backup_that_is_whole_goes_after_a_day(shelf: Shelf, place: Path) -> None:
    """It may be that of another run, where there are no locks."""
    kept = shelf.add(2, verified=True)
    mark = place / naming.tombstone_file(kept.name)
    mark.write_text("x")
    assert backup.prune(shelf.store, ONE).resumed == ()
    assert mark.exists()
    two_days_ago = datetime.now().timestamp() - 2 * 86400
    os.utime(mark, (two_days_ago, two_days_ago))
    assert backup.prune(shelf.store, ONE).resumed == ()
    assert (mark.exists(), left(shelf)) == (False, [kept.name])


def test_a_proof_that_comes_too_late_is_cleared_away(shelf: Shelf, place: Path) -> None:
    shelf.add(2, verified=True)
    gone = shelf.add(50)
    for file in (gone.archive.file, naming.manifest_file(gone.name)):
        (place / file).unlink()
    shelf.prove(gone, ok=True, hours=1)
    assert backup.prune(shelf.store, ONE).resumed == (gone.name,)
    assert not any(gone.name in name for name in files(place))


def test_what_was_agreed_to_and_no_more_is_deleted(shelf: Shelf) -> None:
    third, second = shelf.add(100, verified=True), shelf.add(50, verified=True)
    agreed = backup.prune(shelf.store, ONE, dry_run=True)
    shelf.add(2, verified=True)  # now a rule would let go of the second as well
    assert backup.prune(shelf.store, ONE, agreed=agreed).deleted == (third.name,)
    assert second.name in left(shelf)


def test_what_was_agreed_to_is_judged_again(shelf: Shelf) -> None:
    shelf.add(100, verified=True)
    newest = shelf.add(50, verified=True)
    agreed = backup.prune(shelf.store, ONE, dry_run=True)
    assert len(agreed.doomed) == 1
    shelf.prove(newest, ok=False, hours=0)
    assert backup.prune(shelf.store, ONE, agreed=agreed).deleted == ()


def test_two_at_once(shelf: Shelf, place: Path, run: Run) -> None:
    shelf.add(2, verified=True)
    shelf.add(50, verified=True)
    with shelf.store.lock("prune", "Another litxdb prune"):
        with pytest.raises(LockHeld, match="Another litxdb prune is running"):
            backup.prune(shelf.store, ONE)
        assert run("prune", "--store", place, "--keep-last", "1", "--minimum", "1", "--yes").code == 75
    assert len(left(shelf)) == 2


def test_many_at_once_delete_what_one_would(shelf: Shelf) -> None:
    keep = [shelf.add(hours, verified=True).name for hours in (1, 2)]
    for hours in range(50, 80):
        shelf.add(hours, verified=True)
    deleted: list[str] = []

    def work() -> None:
        with contextlib.suppress(LockHeld):
            deleted.extend(backup.prune(shelf.store, Retention(last=2, minimum=1)).deleted)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert left(shelf) == keep
    assert len(deleted) == len(set(deleted)) == 30


def test_a_backup_that_is_being_made_is_left_alone(shelf: Shelf, place: Path) -> None:
    """Its record says that it is under way; and half of it is no file of a backup."""
    shelf.add(2, verified=True)
    old = shelf.add(50, verified=True)
    at = datetime.now(UTC)
    with shelf.store.create(
        naming.archive_file(naming.backup_name("litx", at, "abcdef"), parallel=False, encrypted=False)
    ):
        running = shelf.attempt(0, host="h", pid=1)
        assert backup.prune(shelf.store, ONE).deleted == ()
        shelf.store.remove(naming.attempt_file(running.backup))
        assert backup.prune(shelf.store, ONE).deleted == (old.name,)
        assert len(list(place.glob("*.partial"))) == 1


def test_a_store_that_fails_half_way_says_so(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.add(2, verified=True)
    old = shelf.add(50, verified=True)
    with monkeypatch.context() as patch:
        remove = shelf.store.remove

        def failing(file: str) -> None:
            if file == old.archive.file:
                raise StoreUnusable("The disk is gone.")
            remove(file)

        patch.setattr(shelf.store, "remove", failing)
        with pytest.raises(StoreUnusable):
            backup.prune(shelf.store, ONE)
    assert len(left(shelf)) == 1
    assert backup.inventory(shelf.store).damaged == ()
    assert backup.prune(shelf.store, ONE).resumed == (old.name,)


@pytest.mark.root
def test_a_disk_that_is_full_can_be_pruned(empty_db: Database, small_disk: Path) -> None:
    shelf = Shelf(empty_db, small_disk / "store")
    keep = shelf.add(2, verified=True)
    old = [shelf.add(hours, size=200_000, verified=True).name for hours in (50, 60, 70)]
    with contextlib.suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)
    with pytest.raises(StoreUnusable, match="No space left"), shelf.store.create("x") as writing:
        writing.write(b"x")
    assert set(backup.prune(shelf.store, ONE).deleted) == set(old)
    assert {name.partition(".")[0] for name in files(small_disk / "store")} == {keep.name}


def test_an_encrypted_backup_and_one_of_several_files_go_too(shelf: Shelf, place: Path) -> None:
    shelf.add(2, verified=True)
    for hours, parallel, encrypted in ((50, True, False), (60, False, True), (70, True, True)):
        manifest = shelf.add(hours, verified=True)
        file = naming.archive_file(manifest.name, parallel=parallel, encrypted=encrypted)
        (place / manifest.archive.file).rename(place / file)
        moved: Manifest = replace(manifest, archive=replace(manifest.archive, file=file))
        shelf.store.replace(naming.manifest_file(manifest.name), records.encode(moved))
    assert len(backup.prune(shelf.store, ONE).deleted) == 3
    assert len(files(place)) == 3


def test_after_real_backups_the_newest_verified_stays(
    empty_url: str, empty_db: Database, place: Path, run: Run
) -> None:
    shelf = Shelf(empty_db, place)
    old = [shelf.add(hours, verified=True).name for hours in (30, 54)]
    assert run("backup", "--url", empty_url, "--store", place).code == 0
    assert run("prune", "--store", place, "--keep-last", "1", "--minimum", "1", "--yes").code == 0
    assert left(shelf)[1:] == old[:1]  # the new one is not verified: it counts for nothing, and stays


@pytest.mark.parametrize(("answer", "code", "count"), [("y", 0, 1), ("n", 6, 2), ("", 6, 2)])
def test_a_person_is_asked(answer: str, code: int, count: int, shelf: Shelf, place: Path) -> None:
    shelf.add(2, verified=True)
    old = shelf.add(50, verified=True)
    words = ("prune", "--store", str(place), "--keep-last", "1", "--minimum", "1")
    shown = on_terminal(*words, columns=200, answers=f"{answer}\n")
    assert (shown.code, len(left(shelf))) == (code, count)
    assert shown.plain.index(old.name) < shown.plain.index("This deletes 1 backup")
