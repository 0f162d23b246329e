"""Delete old backups by rules, as restic's forget does, and say of each backup why it stays or goes.

Only verified backups count, and the newest of them always stay. Where the last run of a backup failed nothing is
deleted, and the exit code is 1.

Example: litxdb prune --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --dry-run
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any

import typer

from litxdb import render
from litxdb.commands._confirming import confirm
from litxdb.commands._options import DryRun, Format, Quiet, StorePlace, Yes
from litxdb.commands._stores import chosen
from litxdb.errors import ArgumentInvalid, Exit
from litxdb.render import Form

if TYPE_CHECKING:
    from datetime import tzinfo

    from litxdb.backup import Pruning


def _keep(rule: str, meaning: str) -> Any:
    return typer.Option(f"--keep-{rule}", min=0, metavar="N", help=meaning, show_default=False)


Last = Annotated[int, _keep("last", "Keep the newest N.")]
Hourly = Annotated[int, _keep("hourly", "The newest of each of the last N hours that have one.")]
Daily = Annotated[int, _keep("daily", "The same with days.")]
Weekly = Annotated[int, _keep("weekly", "With weeks, from Monday.")]
Monthly = Annotated[int, _keep("monthly", "With months.")]
Yearly = Annotated[int, _keep("yearly", "With years.")]
Within = Annotated[
    str | None,
    typer.Option(
        "--keep-within",
        metavar="SPAN",
        help="Keep all of so long before the newest, and the one before: 1y6m14d12h.",
        show_default=False,
    ),
]
Minimum = Annotated[
    int, typer.Option("--minimum", min=1, metavar="N", help="Keep the newest N whatever the rules say.")
]
Timezone = Annotated[str, typer.Option("--timezone", metavar="NAME", help="Whose days and weeks: Europe/Berlin, say.")]


def command(
    keep_last: Last = 0,
    keep_hourly: Hourly = 0,
    keep_daily: Daily = 0,
    keep_weekly: Weekly = 0,
    keep_monthly: Monthly = 0,
    keep_yearly: Yearly = 0,
    keep_within: Within = None,
    minimum: Minimum = 3,
    timezone: Timezone = "UTC",
    store: StorePlace = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    quiet: Quiet = False,
    form: Format = Form.table,
) -> None:
    from litxdb import backup
    from litxdb.settings import Settings

    counts = (keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly)
    within = None if keep_within is None else backup.Span.parse(keep_within)
    retention = backup.Retention(*counts, within, minimum, _zone(timezone))
    place = chosen(store, Settings.load())
    pruning = backup.prune(place, retention, dry_run=True)
    if form is Form.table and not quiet:
        _draw(pruning, form)
    if not dry_run:
        if pruning.doomed and not (yes and quiet):
            size = render.size(sum(each.bytes for each in pruning.doomed))
            many = render.count(len(pruning.doomed), "backup")
            confirm(f"This deletes {many}, {size}, in {pruning.where}.", yes=yes)
        with render.spinner("Deleting"):
            pruning = backup.prune(place, retention, agreed=pruning)
    if not quiet:
        _finish(pruning, form)
    for each in pruning.withheld:
        render.note(f"Nothing of {each.database} at {each.place} is deleted: {each.reason}.")
    if any(each.failed for each in pruning.withheld):
        raise typer.Exit(Exit.FINDINGS)


def _draw(pruning: Pruning, form: Form) -> None:
    columns: dict[str, render.Column] = {
        "name": "backup",
        "bytes": ("size", render.size),
        "verified": "verified",
        "keep": ("", lambda keep: "keep" if keep else "delete"),
        "reasons": ("why", ", ".join),
    }
    beside = {name: value for name, value in render.record(pruning).items() if name != "decisions"}
    render.rows(pruning.decisions, form, columns=columns, within=beside)


def _finish(pruning: Pruning, form: Form) -> None:
    """Say what was deleted, in the form that was asked for."""
    for each in pruning.damaged:
        render.note(f"damaged, and left alone: {each.file}: {each.reason}")
    if form is not Form.table:
        _draw(pruning, form)
        return
    if pruning.resumed:
        render.line(
            f"Finished deleting {render.count(len(pruning.resumed), 'backup')}, as an earlier run had begun to."
        )
    if pruning.deleted:
        render.line(f"Deleted {render.count(len(pruning.deleted), 'backup')}.")
    elif not pruning.doomed:
        render.line(f"Nothing to delete in {pruning.where}.")


def _zone(name: str) -> tzinfo:
    """Return the time zone of this name in IANA's database."""
    from zoneinfo import ZoneInfo

    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ArgumentInvalid(
            f"There is no time zone {name}.", "Name one as in Europe/Berlin; pip install tzdata if the system has none."
        ) from None
