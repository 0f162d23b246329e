"""The dashboard's sections, each as lines of HTML; what could not be looked at says why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from litxdb.doctor.amounts import age, many, signed, size
from litxdb.doctor.page.parts import shown
from litxdb.serve.overview import Overview
from litxdb.serve.page.charts import meter, spark, stacked

if TYPE_CHECKING:
    from litxdb.activity import Link
    from litxdb.backup import Backup
    from litxdb.migrate import Entry

TABLES, STATEMENTS, GROUPS, LINKS, BACKUPS, APPLIED = 15, 15, 15, 40, 12, 5
"""Rows that are shown of each; the commands below have them all."""

STATES = {"active": "info", "idle": "skip", "idle in transaction": "warn"}
"""What sessions do, and the colours of that."""


def write_sizes(seen: Overview) -> Iterator[str]:
    """Draw the largest tables, what they consist of, and how they grew."""
    yield from _open("sizes", "Tables", "litxdb table-sizes", seen)
    if seen.sizes is not None:
        rows, grown = seen.sizes.rows, {row["table"]: row for row in seen.growth.rows} if seen.growth else {}
        largest = max((row["bytes"] for row in rows), default=0)
        yield '<p class="legend"><i class="heap"></i>rows <i class="index"></i>indexes <i class="toast"></i>TOAST</p>'
        yield '<div class="grid sizes">'
        for row in rows[:TABLES]:
            parts = (("heap", row["heap_bytes"]), ("index", row["index_bytes"]), ("toast", row["toast_bytes"]))
            past = grown.get(row["table"])
            more = signed(past["grown_bytes"]) if past and past["grown_bytes"] else ""
            number = "not analyzed" if row["rows"] is None else many(row["rows"], "row")
            yield _row(shown(row["table"]), stacked(parts, largest), size(row["bytes"]), number)
            yield f"<div>{spark(past['series']) if past else ''}<small>{more}</small></div>"
        yield "</div>"
        yield from _more(len(rows), TABLES, "table")
        yield from _notes(seen.growth.notes if seen.growth else ())
    yield "</section>"


def write_slow(seen: Overview) -> Iterator[str]:
    """Draw the statements that take long, by their part of all time."""
    yield from _open("slow", "Slow statements", "litxdb slow-queries", seen)
    if seen.slow is not None:
        rows = seen.slow.rows
        yield from _nothing(rows, "No statement takes 100 ms or more on the average.")
        for row in rows[:STATEMENTS]:
            level = "warn" if row["alert"] else "info"
            share = row["share_percent"] or 0
            yield (
                f'<div class="statement"><div class="figures"><strong>{_ms(row["mean_ms"])}</strong> on the average, '
                f"{many(row['calls'], 'call')}, {share:.0f} % of all time</div>{meter(share / 100, level)}"
                f"<pre>{shown(' '.join((row['query'] or 'not visible').split()))}</pre></div>"
            )
    yield "</section>"


def write_connections(seen: Overview) -> Iterator[str]:
    """Draw who has connections, and what they do."""
    yield from _open("connections", "Connections", "litxdb activity", seen)
    if seen.connections is not None:
        groups: dict[str, dict[str, int]] = {}
        for row in seen.connections.rows:
            name = f"{row['application'] or 'no application_name'} as {row['role']}"
            states = groups.setdefault(name, {})
            state = row["state"] or "not visible"
            states[state] = states.get(state, 0) + row["connections"]
        ordered = sorted(groups.items(), key=lambda group: -sum(group[1].values()))
        most = max((sum(states.values()) for states in groups.values()), default=0)
        yield '<p class="legend"><i class="info"></i>active <i class="skip"></i>idle '
        yield '<i class="warn"></i>idle in transaction <i class="crit"></i>other</p><div class="grid">'
        for name, states in ordered[:GROUPS]:
            parts = [(STATES.get(state, "crit"), number) for state, number in sorted(states.items())]
            said = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
            yield _row(shown(name), stacked(parts, most), str(sum(states.values())), shown(said))
        yield "</div>"
        yield from _more(len(ordered), GROUPS, "group")
        yield from _notes(seen.connections.notes)
    yield "</section>"


def write_locks(seen: Overview) -> Iterator[str]:
    """Draw who waits for whom, those in the way on top."""
    yield from _open("locks", "Locks", "litxdb locks", seen)
    if seen.waiting is not None:
        yield from _nothing(seen.waiting, "Nobody waits for a lock.")
        for link in seen.waiting[:LINKS]:
            yield f'<div class="link depth{min(link.depth, 6)} {"warn" if link.depth else "crit"}">{_link(link)}</div>'
        yield from _more(len(seen.waiting), LINKS, "session")
    yield "</section>"


def write_backups(seen: Overview) -> Iterator[str]:
    """List the newest backups, and whether restoring them was proven."""
    if seen.backups is None and "backups" not in seen.troubles:
        return
    yield from _open("backups", "Backups", "litxdb backups", seen)
    if seen.backups is not None:
        stored = seen.backups.stored
        yield from _nothing(stored.backups, "There is no backup of this database: litxdb backup")
        yield '<div class="grid">'
        for backup in stored.backups[:BACKUPS]:
            yield _backup(backup, seen)
        yield "</div>"
        yield from _more(len(stored.backups), BACKUPS, "backup")
        newest = stored.backups[0].manifest.started_at if stored.backups else None
        for attempt in stored.attempts:
            if newest is None or attempt.started_at > newest:
                said = f"failed: {attempt.error}" if attempt.error else "is under way, or was killed"
                yield f'<p class="note crit">{attempt.started_at:%Y-%m-%d %H:%M} UTC {shown(said)}</p>'
        for damaged in stored.damaged:
            yield f'<p class="note crit">{shown(f"damaged: {damaged.file}: {damaged.reason}")}</p>'
    yield "</section>"


def write_migrations(seen: Overview) -> Iterator[str]:
    """List the revisions, the newest first: those that are pending, and when the others were applied."""
    yield from _open("migrations", "Migrations", "litxdb history", seen)
    if seen.history is not None:
        entries = list(reversed(seen.history))
        # what is pending stands on top, all of it
        most = sum(not entry.applied for entry in entries) + APPLIED
        yield f'<ol class="revisions">{"".join(map(_revision, entries[:most]))}</ol>'
        if older := entries[most:]:
            yield f"<details><summary>{len(older)} older</summary>"
            yield f'<ol class="revisions">{"".join(map(_revision, older))}</ol></details>'
    yield "</section>"


def _revision(entry: Entry) -> str:
    state = "current" if entry.current else "applied" if entry.applied else "pending"
    when = f"{entry.applied_at:%Y-%m-%d %H:%M}" if entry.applied_at else ""
    changed = ", its file is another one now" if entry.changed else ""
    return (
        f'<li class="{state}"><code>{shown(entry.revision)}</code> {shown(entry.message)} '
        f"<small>{shown(' '.join(filter(None, (state, when))))}{changed}</small></li>"
    )


def _open(name: str, heading: str, command: str, seen: Overview) -> Iterator[str]:
    yield f'<section id="{name}" class="card"><h2>{heading} <code>{command}</code></h2>'
    related = {"sizes": ("sizes", "growth"), "locks": ("waiting",), "migrations": ("migrations", "history")}
    for part in dict.fromkeys(seen.troubles[part] for part in related.get(name, (name,)) if part in seen.troubles):
        yield f'<p class="note">{shown(part)}</p>'
    if not seen.examined.connected and name != "backups":
        yield '<p class="note">There was no connection.</p>'


def _row(name: str, chart: str, figure: str, below: str) -> str:
    return f"<div><b>{name}</b>{chart}</div><div><strong>{figure}</strong><small>{below}</small></div>"


def _link(link: Link) -> str:
    if link.prepared is not None:
        return f"<b>prepared transaction {shown(link.prepared.gid)}</b> <small>for {age(link.prepared.seconds)}</small>"
    who = link.session
    if who is None:
        return ""
    waits = f"waits {age(who.waited_seconds or 0)} for {who.awaited or 'a lock'}" if link.depth else who.state or ""
    holds = f", holds up {link.victims}" if link.victims else ""
    said = f"{who.role or ''} with {who.application or 'no application_name'}: {waits}{holds}"
    statement = f"<pre>{shown(' '.join(who.query.split()))}</pre>" if who.query else ""
    return f"<b>{who.pid}</b> {shown(said)}{statement}"


def _backup(backup: Backup, seen: Overview) -> str:
    manifest = backup.manifest
    old = max(0.0, (seen.at - manifest.snapshot_at).total_seconds())
    level, said = _proven(backup)
    return (
        f"<div><b>{age(old)} ago</b><small>{manifest.snapshot_at:%Y-%m-%d %H:%M} UTC</small></div>"
        f'<div><strong>{size(manifest.archive.bytes)}</strong><small class="{level}">{said}</small></div>'
    )


def _proven(backup: Backup) -> tuple[str, str]:
    """Say what is known of restoring it, with the level of that."""
    if backup.verified is None:
        return "skip", "not verified"
    if not backup.verified:
        return "crit", "does not restore"
    seconds = backup.proof.restore_seconds if backup.proof else None
    return "ok", "restored" if seconds is None else f"restored in {age(seconds)}"


def _ms(milliseconds: float) -> str:
    """Write a time of a statement.

    >>> _ms(123.4), _ms(2345.0)
    ('123 ms', '2.3 s')
    """
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _nothing(rows: Sequence[Any], said: str) -> Iterator[str]:
    if not rows:
        yield f'<p class="note">{said}</p>'


def _more(number: int, most: int, thing: str) -> Iterator[str]:
    if number > most:
        yield f'<p class="note">… and {many(number - most, thing)} more.</p>'


def _notes(notes: Sequence[str]) -> Iterator[str]:
    for note in notes:
        yield f'<p class="note">{shown(note)}</p>'
