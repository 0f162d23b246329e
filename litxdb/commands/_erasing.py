"""How erase-user shows what it would do and what it did, and what it asks of the backups."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb import render
from litxdb.commands._persons import prove
from litxdb.errors import STOPPED, CommitUnknown
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.backup import Store
    from litxdb.database import Database
    from litxdb.privacy import Certificate, Holding, Plan, Promised

COLUMNS: dict[str, render.Column] = {
    "table": "table",
    "column": "column",
    "action": "action",
    "rows": "rows",
    "others": ("whose", lambda others: "others'" if others else "the person's"),
    "reason": "because",
}


def show(plan: Plan, form: Form) -> None:
    """Write the plan."""
    render.rows(plan.changes, form, columns=COLUMNS, within={"erased": False, "blocked": plan.blocked})
    if form is Form.table:
        lost = sum(each.rows for each in plan.changes if each.others and each.action == "delete")
        render.line(f"Would delete {render.count(plan.deleted, 'row')}, {lost} of them other people's.")
    for reason in plan.blocked:
        render.note(f"in the way: {reason}")
    if plan.blocked:
        render.note(
            "Declare whose rows these are, or [excluded] tables, in a policy (docs/privacy.md), or mend the rows."
        )


def ledger_key(db: Database, store: Store | None) -> bytes:
    """Return the key of the ledger, once it is known to be that of all its entries."""
    from litxdb import privacy

    if store is not None:
        store.free_bytes()  # makes a directory that is not there yet, as the ledger would
    entries = privacy.known_erasures(db, store, replaced=True)
    key = privacy.ledger_key(db.settings, make=not entries)
    privacy.require_key(entries, key)
    return key


def holdings(store: Store | None, db: Database, kept_days: int | None) -> tuple[Holding, ...]:
    """List the backups of this database that still hold the person's data, as far as the store knows."""
    if store is None:
        return ()
    from litxdb import backup
    from litxdb.backup import naming
    from litxdb.privacy import Holding

    name, keep = db.direct_endpoint.dbname, timedelta(days=kept_days) if kept_days else None
    found = backup.inventory(store)
    manifests = [each.manifest for each in found.backups if each.manifest.source.database == name]
    whole = [Holding(each.name, each.snapshot_at, each.snapshot_at + keep if keep else None) for each in manifests]
    # of a backup under way, or a killed or damaged one, there is nothing but its files' names
    ours = naming.slug(naming.backup_name(name, datetime.now(UTC), "0"))
    files = [*(each.file for each in found.damaged), *(each.file for each in store.leftovers())]
    others = {known.backup for file in files if (known := naming.parse(file)) and naming.slug(known.backup) == ours}
    return (*whole, *(Holding(each, None, None) for each in sorted(others - {each.backup for each in whole})))


@contextlib.contextmanager
def certifying(
    path: Path, store: Store | None, db: Database, kept_days: int | None
) -> Iterator[Callable[[Certificate], Certificate]]:
    """Yield what puts a certificate on the disk, with the backups in it; it has its name at the end of the block."""
    from litxdb import privacy

    file, held = privacy.Promised(path), holdings(store, db, kept_days)
    with _telling(file), file:

        def certify(made: Certificate) -> Certificate:
            made = replace(made, backups=held)
            file.write(privacy.as_json(made).encode())
            return made

        yield certify


@contextlib.contextmanager
def _telling(file: Promised) -> Iterator[None]:
    """Say where the certificate is, if the run ends without anybody knowing whether it is true."""
    try:
        yield
    except (CommitUnknown, *STOPPED):
        if file.written:
            render.note(f"{file.pending} is the certificate, if the erasure was done: running it again tells.")
        raise


def settle(db: Database, certificate: Path | None) -> None:
    """Give the certificates of runs that were killed after they had erased somebody their names, and say so."""
    from litxdb import privacy

    for path in privacy.settle(db, certificate.parent if certificate else Path()):
        render.note(f"{path}: the certificate of an erasure that was done, and whose run was killed")


def draw(done: Certificate, paper: Path, form: Form) -> None:
    """Write what was done."""
    render.rows(done.changes, form, columns=COLUMNS, within={"erased": True, "certificate": done, "file": str(paper)})
    if form is not Form.table:
        return
    render.line(f"Erased: {render.count(done.entry.rows, 'row')} deleted. Certificate {done.entry.id} in {paper}")
    prove(done.proof, render.line)
    render.line(f"In the ledger: {', '.join(done.ledgers)}")
    for each in done.backups:
        until = f"until {each.until:%Y-%m-%d}" if each.until else "until it is pruned"
        still = "still in" if each.snapshot_at else "perhaps in what there is of"
        render.line(f"  {still} the backup {each.backup}, {until}")
