"""What doctor says of a database, and its remedies applied."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

from litxdb import doctor
from litxdb.database import Database
from litxdb.doctor import Finding, Result
from litxdb.errors import Exit
from tests.bed.program import run
from tests.bed.statements import query

ASKING = {"drop", "cancel", "terminate"}
"""Commands that want to be told --yes."""


def result(db: Database, check: str, **options: Any) -> Result:
    """Return what came of one check; the deadline is wide, for the machine may be busy."""
    (found,) = doctor.examine(db, only=[check], **{"deadline_seconds": 30.0, **options}).results
    assert found.status is not doctor.Status.ERROR, found.detail
    return found


def findings(db: Database, check: str, **options: Any) -> dict[str, Finding]:
    """Return a check's findings by their object; it has to have seen everything that is there."""
    found = result(db, check, **options)
    assert found.unseen == 0, found.detail
    assert found.status is not doctor.Status.SKIP, found.detail
    return {finding.object: finding for finding in found.findings}


def mend(db: Database, check: str, **options: Any) -> None:
    """Apply the remedies of a check's findings, and see that it then finds nothing."""
    for finding in findings(db, check, **options).values():
        apply(db, finding.remedy)
    assert findings(db, check, **options) == {}


def apply(db: Database, remedy: str) -> None:
    """Do what a remedy says, as a person who says yes: SQL statement by statement, and litxdb's own commands."""
    for statement in remedy.split(";\n"):
        if statement.startswith("litxdb "):
            words = shlex.split(statement)[1:]
            outcome = run(*words, *(["--yes"] if ASKING & {*words} else []), "--url", str(db.settings.url))
            assert outcome.code == Exit.DONE, outcome.stderr
        else:
            query(db, statement)


def in_production(db: Database) -> Database:
    """Open the same database as LITXDB_ENV=production does: some advice is for those that others work with."""
    return Database(settings=replace(db.settings, production=True), command=db.command)


def at_neon(db: Database) -> Database:
    """Make the database say that it is Neon's, to sessions from now on, as its compute does with neon.timeline_id."""
    query(db, f"alter database \"{db.endpoint.dbname}\" set neon.timeline_id = '0123abcd'")
    return Database(settings=db.settings, command=db.command)
