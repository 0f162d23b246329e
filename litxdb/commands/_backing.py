"""How a backup is shown, under way and done."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from litxdb import render
from litxdb.commands._proving import tell
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.backup import Backup, Progress, Proof


@contextlib.contextmanager
def watching(quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Show on a terminal how far it is, how fast, and how long it will still take."""
    progress = render.Progress()
    if not quiet:
        progress.start("Backing up")
    try:
        yield lambda seen: progress.update(describe(seen))
    finally:
        progress.stop()


def speaking(report: Callable[[str], None], quiet: bool) -> Callable[[str], None]:
    """Return what tells the monitor, and unless it shall be quiet the person too."""

    def say(text: str) -> None:
        report(text)
        if not quiet:
            render.note(text)

    return say


@contextlib.contextmanager
def made_already(done: Backup) -> Iterator[None]:
    """Say that there is a backup all the same, whatever keeps it from being verified."""
    try:
        yield
    except BaseException:
        render.note(f"The backup {done.name} was made; what failed is its verification:")
        raise


def describe(seen: Progress) -> str:
    """Say how far a backup is.

    >>> from litxdb.backup import Progress
    >>> describe(Progress(300_000_000, 900_000_000, 3, 14, 2.0))
    'Backing up: 286 MB of about 858 MB, 143 MB/s, about 4 s left; 3 of 14 tables fingerprinted'
    """
    rate = seen.raw_bytes / seen.seconds if seen.seconds else 0.0
    parts = [render.size(seen.raw_bytes), f"{render.size(round(rate))}/s"]
    if seen.expected_bytes:
        parts[0] += f" of about {render.size(seen.expected_bytes)}"
        if rate:
            parts.append(f"about {max(0, seen.expected_bytes - seen.raw_bytes) / rate:.0f} s left")
    return f"Backing up: {', '.join(parts)}; {seen.tables_read} of {render.count(seen.tables, 'table')} fingerprinted"


def draw(done: Backup, form: Form) -> None:
    """Write what was made: a line, or the row of `litxdb backups` with the manifest."""
    from litxdb.backup import listed

    row, manifest = listed(done), done.manifest
    if form is Form.json:
        render.json({**render.record(row), "manifest": manifest})
    elif form is Form.csv:
        render.rows([row], form, columns={})
    else:
        render.line(summary(done))
        if done.proof:
            tell(done.proof.differences)
        for warning in manifest.warnings:
            render.note(f"warning: {warning}")


def summary(done: Backup) -> str:
    """Say what was made, and whether it was verified."""
    from litxdb.backup import listed

    row, client = listed(done), done.manifest.client
    revision = f", revision {row.revision}" if row.revision else ""
    encrypted = ", encrypted" if row.encrypted else ""
    said = (
        f"{row.name}: {render.size(row.bytes)} in {render.duration(done.manifest.seconds.total * 1000)}, "
        f"{render.count(row.tables, 'table')}, {render.count(row.rows, 'row')}{revision}{encrypted}; "
        f"by pg_dump {client.version}{' through TLS' if client.tls != 'none' else ''}, in {row.where}"
    )
    if done.proof is None:
        return said
    if done.proof.ok:
        return f"{said}\nverified: restored in {render.seconds(row.restore_seconds)}, and all is equal"
    return f"{said}\n{failing(done.proof)}"


def failing(proof: Proof) -> str:
    """Say of what it failed."""
    return f"it does not verify: {proof.error or render.count(len(proof.differences), 'difference')}"
