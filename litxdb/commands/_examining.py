"""How an examination is shown to a person: the verdict, what is wrong and what to type, and what is not known."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from litxdb import render

if TYPE_CHECKING:
    from litxdb.activity import Link
    from litxdb.doctor import Examination, Finding, Result

OBJECTS = 5
"""Findings of one check that are shown in full: the sixth foreign key without an index says nothing new."""

SIGNS = {
    "ok": ("[✓]", "green"),
    "info": ("[i]", "cyan"),
    "warn": ("[!]", "yellow"),
    "crit": ("[✗]", "bold red"),
    "skip": ("[–]", "dim"),  # noqa: RUF001 - the sign for nothing, wider than a hyphen
    "error": ("[✗]", "bold red"),
}
WORDS = {"crit": "critical", "error": "failed", "warn": "warning", "info": "info", "ok": "ok", "skip": "skipped"}
FIXES = {
    "safe": "safe: litxdb doctor --fix --yes does it",
    "asks": "read it first: litxdb doctor --fix --yes asks",
    "manual": "for a person, by hand",
}
DEEP = " " * 8
WITHOUT_HELP = ("not applicable", "nothing there")
"""Reasons for which there is nothing to do."""


def draw(examined: Examination, *, verbose: bool) -> None:
    """Write the screen: verdict, areas (the worst first), what was skipped, and last the counts and where to start."""
    server = f", PostgreSQL {examined.server_version}" if examined.server_version else ""
    sign, style = SIGNS[examined.verdict]
    render.styled((f"{sign} {verdict(examined)}", style), (f": {examined.endpoint}{server}", ""))
    for results in _areas(examined.results):
        _area(results, verbose=verbose)
    _waiting(examined.waiting)
    _skipped(examined.results)
    _ignored(examined, verbose=verbose)
    if verbose:
        render.line(f"Snapshot for the history: {examined.snapshot}")
    render.line()
    render.styled(*conclusion(examined))


def conclusion(examined: Examination) -> tuple[tuple[str, str], ...]:
    """Return the last line: how many of what, and what to do first."""
    order = ("crit", "warn", "info", "error", "ok", "skip")
    counts = {**examined.counts, **Counter(finding.level.value for finding in examined.findings)}
    counted = ", ".join(_counted(name, counts[name]) for name in order if counts.get(name))
    said = f"{counted} in {render.duration(examined.milliseconds)}"
    worst = [finding for finding in examined.findings if finding.level == examined.verdict]
    if examined.verdict not in ("crit", "warn"):
        return ((f"{said}.", ""),)
    first = min(worst, key=lambda finding: tuple(FIXES).index(finding.fix))
    lines = (line for line in first.pasteable.splitlines() if not line.startswith("--"))
    return ((f"{said}. Start with: ", ""), (next(lines, first.remedy), "bold"))


def verdict(examined: Examination) -> str:
    """Say in a few words how bad it is."""
    levels = Counter(finding.level.value for finding in examined.findings)
    found = ", ".join(_counted(name, levels[name]) for name in ("crit", "warn") if levels[name])
    return found or ("Nothing was examined" if examined.verdict == "skip" else "Nothing wrong")


def _counted(name: str, number: int) -> str:
    return render.count(number, WORDS[name]) if name == "warn" else f"{number} {WORDS[name]}"


def _areas(results: Sequence[Result]) -> list[list[Result]]:
    """Group the results by area; the area with the worst finding comes first, and in it the worst check."""
    areas: dict[str, list[Result]] = {}
    for result in sorted(results, key=_severity, reverse=True):
        areas.setdefault(result.area, []).append(result)
    order = list(dict.fromkeys(result.area for result in results))
    return sorted(areas.values(), key=lambda area: (-_severity(area[0]), order.index(area[0].area)))


def _severity(result: Result) -> int:
    return ("skip", "ok", "info", "warn", "error", "crit").index(result.status)


def _is_loud(result: Result) -> bool:
    return result.status in ("warn", "crit", "error")


def _area(results: Sequence[Result], *, verbose: bool) -> None:
    from litxdb.doctor import AREAS

    loud = [result for result in results if _is_loud(result)]
    sign, style = SIGNS[results[0].status]
    counts = Counter(result.status.value for result in results)
    counted = ", ".join(_counted(name, counts[name]) for name in WORDS if counts[name])
    if loud or verbose:
        render.line()
    render.styled((sign, style), (f" {AREAS[results[0].area]}: ", "bold" if loud else ""), (counted, "dim"))
    for result in results:
        if result.findings and (verbose or _is_loud(result)):
            _check(result, most=len(result.findings) if verbose else OBJECTS)
        elif result.findings:
            number = render.count(len(result.findings), "object")
            _quiet(result, f"{result.findings[0].title} ({result.check}): {number}")
        elif verbose or _is_loud(result):
            _quiet(result, f"{result.check}: {_seen(result)}")


def _seen(result: Result) -> str:
    """Say what a check without findings saw, or why nothing."""
    seen = f"{result.examined} examined" if result.examined else ""
    unseen = f"{result.unseen} not seen" if result.unseen else ""
    why = f"{result.reason}: {result.detail}" if result.reason else result.detail
    return ", ".join(filter(None, (seen, unseen, why, result.remedy)))


def _quiet(result: Result, text: str) -> None:
    sign, style = SIGNS[result.status]
    first, *rest = _wrapped(text, DEEP)
    render.styled(("    ", ""), (sign, style), (f" {first}", ""))
    for line in rest:
        render.styled((f"{DEEP}{line}", ""))


def _check(result: Result, most: int) -> None:
    """Write what a check found: why it matters, the limits, and for each object what was measured and what to type."""
    first = result.findings[0]
    sign, style = SIGNS[result.status]
    render.styled(("    ", ""), (sign, style), (f" {first.title}", "bold"), (f"  {result.check}", "dim"))
    _prose(first.why)
    _prose(f"Limits: {first.threshold}.", "dim")
    shown = result.findings[:most]
    for index, finding in enumerate(shown):
        _prose(f"{finding.object}: {finding.measured}")
        following = shown[index + 1] if index + 1 < len(shown) else None
        if following is None or (following.remedy, following.fix) != (finding.remedy, finding.fix):
            _remedy(finding)
    if result.findings[most:]:
        more = f"{len(result.findings) - most} more: litxdb doctor -v --only {result.check}"
        render.styled((f"{DEEP}… and {more}", "dim"))


def _remedy(finding: Finding) -> None:
    """Write what to type on a line of its own, which can be pasted, and what it is."""
    for line in finding.pasteable.splitlines():
        render.styled((f"{DEEP}  {line}", "cyan"))
    lock = "no lock" if finding.lock == "none" else f"lock: {finding.lock}"
    own = finding.fix == "asks" and finding.remedy.startswith("litxdb ")
    _prose(f"({'read it first' if own else FIXES[finding.fix]}; {lock})", "dim", f"{DEEP}  ")


def _prose(text: str, style: str = "", indent: str = DEEP) -> None:
    for line in _wrapped(text, indent):
        render.styled((f"{indent}{line}", style))


def _wrapped(text: str, indent: str) -> list[str]:
    """Break a text for the terminal, if it goes to one."""
    columns = render.width()
    room = max(40, columns - len(indent)) if columns else len(text) + 1
    return textwrap.wrap(text, room, break_on_hyphens=False, break_long_words=False) or [""]


def _waiting(tree: Sequence[Link]) -> None:
    """Draw who holds up whom, those on top of a queue to the left."""
    if tree:
        render.line("\nWho waits for whom:")
    for link in tree:
        render.line(render.printable(f"{'    ' * (link.depth + 1)}{_one_waiting(link)}"))


def _one_waiting(link: Link) -> str:
    from litxdb.doctor.amounts import age, many
    from litxdb.doctor.wording import statement, who

    holds = f"; holds up {many(link.victims, 'other')}" if link.victims else ""
    session = link.session
    if session is None:
        return f"prepared transaction {link.prepared.gid if link.prepared else ''}{holds}"
    state = (
        f"{session.state or 'state not visible'}{f' for {age(session.state_seconds)}' if session.state_seconds else ''}"
    )
    wait = (
        f"; waits {age(session.waited_seconds or 0)} for {session.awaited} ({session.awaited_mode})"
        if session.blocked_by
        else ""
    )
    return f"pid {session.pid}: {who(session)}, {state}{wait}{holds}{statement(session)}"


def _skipped(results: Sequence[Result]) -> None:
    """Write why checks could not see everything, a line each reason, with what would help."""
    blind = [result for result in results if result.reason]
    if not blind:
        return
    render.line()
    reasons = Counter(str(result.reason) for result in blind)
    whole = sum(result.status == "skip" for result in blind)
    partly = f", {len(blind) - whole} saw only a part" if len(blind) > whole else ""
    verb, them = ("was", "shows it") if len(blind) == 1 else ("were", "lists them")
    render.line(f"{whole} of {render.count(len(results), 'check')} {verb} skipped{partly}; -v {them}:")
    for reason, number in reasons.most_common():
        helping = "" if reason in WITHOUT_HELP else _help([each for each in blind if each.reason == reason])
        render.styled((f"    {reason} {number}", ""), (f": {helping}" if helping else "", "cyan"))


def _help(results: Sequence[Result]) -> str:
    """Return what would let these see, or if nothing would, why the first one could not."""
    remedies = dict.fromkeys(" ".join(each.remedy.split()) for each in results if each.remedy)
    return "; ".join(remedies) or results[0].detail


def _ignored(examined: Examination, *, verbose: bool) -> None:
    if not examined.ignored:
        return
    number = render.count(len(examined.ignored), "finding")
    render.line(f"{number} ignored" + (":" if verbose else "; -v lists them."))
    for each in examined.ignored if verbose else ():
        until = f", until {each.until}" if each.until else ""
        render.line(f"    {each.finding.key}: {each.finding.measured} ({each.reason}{until})")
