"""Applying the remedies of findings: one at a time, beside live traffic, with a journal of what undoes them.

Nothing here decides: `consent` does, and is asked before each remedy. For what a person has to do by hand it is not.
"""

from __future__ import annotations

import contextlib
import enum
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.doctor.results import Examination, Finding, Fix, pasteable
from litxdb.errors import LitxdbError
from litxdb.journal import Journal

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

LOCK_SECONDS = 3
"""Whoever comes for the table meanwhile waits so long at most."""
PATIENT_SECONDS = 600
"""CONCURRENTLY waits for others' transactions and makes nobody wait; giving up would leave an INVALID index."""
ATTEMPTS = 4
PAUSE_SECONDS = 0.5
"""Before the second attempt; it doubles with each."""

_STATEMENT = re.compile(r"""(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$.*?\$\1\$|--[^\n]*|[^;])+""", re.DOTALL)
_REINDEX = re.compile(r"reindex index concurrently (.+)", re.DOTALL | re.IGNORECASE)


class Outcome(enum.StrEnum):
    """What became of a remedy; `by hand` is not for litxdb to do."""

    APPLIED = "applied"
    FAILED = "failed"
    DECLINED = "declined"
    BY_HAND = "by hand"
    PLANNED = "planned"


@dataclass(frozen=True)
class Repair:
    """A remedy and the findings that it is for, by their keys; `undo` is empty where there is nothing to undo."""

    remedy: str
    fix: Fix
    lock: str
    undo: str
    keys: tuple[str, ...]

    @property
    def pasteable(self) -> str:
        """The remedy as a shell or psql takes it."""
        return pasteable(self.remedy)

    @property
    def by_hand(self) -> bool:
        """Whether litxdb leaves it to a person: it is dangerous, or another command with questions of its own."""
        return self.fix is Fix.MANUAL or (self.remedy.startswith("litxdb ") and self.remedy not in OWN)


@dataclass(frozen=True)
class Repaired:
    """What became of a repair, in how long; `detail` is why it failed. `gone` are the findings that are no more."""

    repair: Repair
    outcome: Outcome
    milliseconds: float | None = None
    detail: str = ""
    gone: tuple[str, ...] = ()

    @property
    def left(self) -> tuple[str, ...]:
        """The findings that are still there."""
        return tuple(key for key in self.repair.keys if key not in self.gone)


def repairs(examined: Examination) -> tuple[Repair, ...]:
    """Return what would be done about the findings, the worst first; a remedy that is for several stands once."""
    found: dict[tuple[str, Fix], list[Finding]] = {}
    for finding in examined.findings:
        found.setdefault((finding.remedy, finding.fix), []).append(finding)
    return tuple(
        Repair(remedy, fix, same[0].lock, same[0].undo, tuple(each.key for each in same))
        for (remedy, fix), same in found.items()
    )


def mend(
    db: Database,
    planned: Sequence[Repair],
    *,
    consent: Callable[[Repair], bool],
    begin: Callable[[Repair], None],
    done: Callable[[Repaired], None],
    directory: Path | None = None,
) -> None:
    """Apply those repairs that `consent` agrees to, in this order; `begin` and `done` hear of each.

    Each statement is committed by itself, and in the journal before it runs. One that fails keeps no other from being
    tried. Interrupted, those that were told to `done` are done, and the one under way is in the journal. Raises Refused
    where only a transaction pooler is to be had, and ConfigurationInvalid where the journal cannot be written.
    """
    db.connect(direct=True).close()
    for repair in planned:
        if repair.by_hand:
            done(Repaired(repair, Outcome.BY_HAND))
        elif not consent(repair):
            done(Repaired(repair, Outcome.DECLINED))
        else:
            begin(repair)
            done(_apply(db, repair, directory))


def compared(told: Sequence[Repaired], after: Examination) -> tuple[Repaired, ...]:
    """Say of each repair which findings are gone, by an examination after it."""
    still = {finding.key for finding in after.findings}
    return tuple(replace(each, gone=tuple(key for key in each.repair.keys if key not in still)) for each in told)


def statements(remedy: str) -> list[str]:
    """Split SQL into its statements.

    >>> statements("vacuum a;\\nanalyze \\"b;\\nc\\"")
    ['vacuum a', 'analyze "b;\\nc"']
    """
    return [match[0].strip() for match in _STATEMENT.finditer(remedy) if match[0].strip()]


def _apply(db: Database, repair: Repair, directory: Path | None) -> Repaired:
    import psycopg2

    from litxdb.database.refusals import refusal

    start = time.perf_counter()
    try:
        if repair.remedy in OWN:
            OWN[repair.remedy](db, directory)
        else:
            _run(db, repair)
    except psycopg2.Error as error:
        said = refusal(error)
        return Repaired(repair, Outcome.FAILED, detail=said.message if said else str(error))
    except LitxdbError as error:
        return Repaired(repair, Outcome.FAILED, detail=" ".join(filter(None, (error.message, error.hint))))
    return Repaired(repair, Outcome.APPLIED, (time.perf_counter() - start) * 1000)


def _run(db: Database, repair: Repair) -> None:
    journal = Journal(db.settings.state)
    for statement in statements(repair.remedy):
        with journal.recording(str(db.direct_endpoint), statement, repair.undo or None, db.notify):
            index = _REINDEX.fullmatch(statement)
            if index:  # cleans up behind itself, and behind an earlier try
                from litxdb.indexes import rebuild

                rebuild(db, index[1])
            else:
                _execute(db, statement)


def _execute(db: Database, statement: str) -> None:
    """Run one statement outside a transaction; a lock that is not to be had is tried for again."""
    import psycopg2

    patient = re.search(r"\bconcurrently\b", statement, re.IGNORECASE)
    with _session(db, PATIENT_SECONDS if patient else LOCK_SECONDS) as cursor:
        for attempt in range(ATTEMPTS):
            try:
                cursor.execute(statement)
                return
            except psycopg2.errors.LockNotAvailable:
                if patient or attempt == ATTEMPTS - 1:
                    raise
            time.sleep(PAUSE_SECONDS * 2**attempt)


@contextlib.contextmanager
def _session(db: Database, lock_seconds: float) -> Iterator[Cursor]:
    with contextlib.closing(db.connect(direct=True, autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute(f"set statement_timeout = 0; set lock_timeout = '{lock_seconds:g}s'")
        yield cursor


def _seed(db: Database, directory: Path | None) -> None:
    from litxdb.migrate import heads
    from litxdb.seed import baseline

    baseline(db, heads=heads(directory))


def _snapshot(db: Database, directory: Path | None) -> None:
    from litxdb.snapshots import take

    taken = take(db)
    if taken.trouble:
        raise taken.trouble


OWN: dict[str, Callable[[Database, Path | None], None]] = {"litxdb seed": _seed, "litxdb snapshot": _snapshot}
"""litxdb's own commands that change nothing that was there, and can simply be called."""
