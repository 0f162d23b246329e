"""How doctor's remedies are shown, agreed to and applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb import render
from litxdb.commands._confirming import agreed, somebody
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.database import Database
    from litxdb.doctor import Examination
    from litxdb.doctor.fixing import Repair, Repaired

SHOWN = 5
"""Findings that are named beside the remedy for them."""


def plan(examined: Examination, form: Form) -> None:
    """Write what the remedies would do, and change nothing."""
    from litxdb.doctor.fixing import Outcome, Repaired, repairs

    planned = repairs(examined)
    if form is not Form.table:
        _rows([Repaired(repair, Outcome.PLANNED) for repair in planned], form)
        return
    for repair in planned:
        _show(repair)
        render.line()
    counts = Counter("by hand" if repair.by_hand else repair.fix.value for repair in planned)
    counted = ", ".join(f"{number} {kind}" for kind, number in counts.items()) or "none"
    render.line(
        f"Remedies: {counted}. Nothing was changed: --yes applies the safe ones, and asks for others on a terminal."
    )


def carry_out(
    db: Database, examined: Examination, look: Callable[[], Examination], directory: Path | None, form: Form
) -> Examination:
    """Apply the safe remedies and ask for the others, examine again, and write what is gone and what is left."""
    from litxdb.doctor.fixing import compared, mend, repairs

    progress = render.Progress()
    told: list[Repaired] = []

    def done(repaired: Repaired) -> None:
        told.append(repaired)
        _tell(progress, repaired)

    def begin(repair: Repair) -> None:
        progress.start(repair.remedy)

    try:
        mend(db, repairs(examined), consent=_consent, begin=begin, done=done, directory=directory)
    except BaseException:
        progress.stop()
        render.note(f"Applied before it ended: {_applied(told)}. What was under way is in the journal.")
        raise
    after = look()
    told = list(compared(told, after))
    if form is not Form.table:
        _rows(told, form)
        return after
    for repaired in told:
        for key in repaired.gone:
            render.styled((f"{render.mark(True)} ", "green"), (f"gone: {key}", ""))
        for key in repaired.left:
            render.styled((f"{render.mark(False)} ", "red"), (f"left: {key} ({_why(repaired)})", ""))
    gone = sum(len(repaired.gone) for repaired in told)
    render.line(f"Applied: {_applied(told)}. Of {render.count(len(examined.findings), 'finding')} {gone} gone.")
    return after


def _consent(repair: Repair) -> bool:
    if repair.fix == "safe" or not somebody():
        return repair.fix == "safe"
    _show(repair)
    return agreed("Do it?")


def _applied(told: Sequence[Repaired]) -> str:
    number = sum(repaired.outcome == "applied" for repaired in told)
    return "1 remedy" if number == 1 else f"{number} remedies"


def _show(repair: Repair) -> None:
    for line in repair.pasteable.splitlines():
        render.styled((line, "cyan"))
    kind = "by hand" if repair.by_hand else repair.fix.value
    lock = "no lock" if repair.lock == "none" else f"lock: {repair.lock}"
    undo = f"; undo: {repair.undo}" if repair.undo else ""
    more = f" and {len(repair.keys) - SHOWN} more" if repair.keys[SHOWN:] else ""
    render.line(render.printable(f"    {kind}; {lock}{undo}; for {', '.join(repair.keys[:SHOWN])}{more}"))


def _tell(progress: render.Progress, repaired: Repaired) -> None:
    if repaired.outcome == "applied":
        progress.finish(repaired.repair.remedy, repaired.milliseconds)
    elif repaired.outcome == "failed":
        progress.stop()
        render.note(render.printable(f"{render.mark(False)} {repaired.repair.remedy}: {repaired.detail}"))


def _why(repaired: Repaired) -> str:
    match repaired.outcome:
        case "failed":
            return f"failed: {repaired.detail}"
        case "declined":
            return "not agreed to"
        case "by hand":
            return f"by hand: {repaired.repair.pasteable}"
    return "applied, and still there"


def _rows(told: Sequence[Repaired], form: Form) -> None:
    rows = [
        {
            "remedy": each.repair.remedy,
            "fix": each.repair.fix,
            "by_hand": each.repair.by_hand,
            "lock": each.repair.lock,
            "undo": each.repair.undo,
            "findings": each.repair.keys,
            "outcome": each.outcome,
            "milliseconds": each.milliseconds,
            "detail": each.detail,
            "gone": each.gone,
        }
        for each in told
    ]
    names = ("remedy", "fix", "by_hand", "lock", "undo", "findings", "outcome", "milliseconds", "detail", "gone")
    render.rows(rows, form, columns=dict.fromkeys(names, ""))
