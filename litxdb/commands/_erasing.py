"""How erase-user shows what it would do and what it did, and what it asks of the backups."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from litxdb import render
from litxdb.commands._persons import prove
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.backup import Store
    from litxdb.database import Database
    from litxdb.privacy import Certificate, Holding, Plan

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


def holdings(store: Store | None, db: Database, kept_days: int | None) -> tuple[Holding, ...]:
    """List the backups of this database that still hold the person's data, as far as the store knows."""
    if store is None:
        return ()
    from litxdb import backup
    from litxdb.privacy import Holding

    name, keep = db.direct_endpoint.dbname, timedelta(days=kept_days) if kept_days else None
    manifests = [each.manifest for each in backup.inventory(store).backups if each.manifest.source.database == name]
    return tuple(Holding(each.name, each.snapshot_at, each.snapshot_at + keep if keep else None) for each in manifests)


def certify(done: Certificate, backups: tuple[Holding, ...], paper: BinaryIO) -> Certificate:
    """Write the certificate, with the backups in it."""
    from litxdb.privacy import as_json

    done = replace(done, backups=backups)
    paper.write(as_json(done).encode())
    return done


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
        render.line(f"  still in the backup {each.backup}, {until}")
