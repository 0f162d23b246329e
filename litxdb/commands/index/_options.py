"""The options that the commands on indexes share, and how they show what is under way."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render

if TYPE_CHECKING:
    from litxdb.indexes import Done, Phase

UNITS = {"kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
"""As in PostgreSQL's settings; a number alone would mean kilobytes there, and bytes to most people."""

LockTimeout = Annotated[
    float,
    typer.Option(
        "--lock-timeout",
        min=0.05,
        metavar="SECONDS",
        help="How long to wait for a lock, or for somebody's transaction.",
    ),
]
Attempts = Annotated[int, typer.Option("--attempts", min=1, help="Begin so many times when that runs out.")]
Memory = Annotated[
    int | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        parser=lambda text: parse_size(text),
        help="maintenance_work_mem at most, such as 2GB; for HNSW as much as shared_buffers by default.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=0, max=1024, help="Processes beside the first; the server's setting by default."),
]


def parse_size(text: str) -> int:
    """Read a size as PostgreSQL writes one, in bytes.

    >>> parse_size("2GB"), parse_size("1.5 MB")
    (2147483648, 1572864)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(kB|MB|GB|TB)\s*", text)
    size = int(float(match[1]) * UNITS[match[2]]) if match else 0
    if not 1 << 20 <= size < 1 << 41:
        raise typer.BadParameter(f"{text!r} is no size from 1MB to 2TB, with its unit: 512MB, 2GB.")
    return size


@contextlib.contextmanager
def progress() -> Iterator[render.Progress]:
    """Show what is under way, and take it away at the end."""
    shown = render.Progress()
    try:
        yield shown
    finally:
        shown.stop()


def describe(phase: Phase) -> str:
    """Say how far a build is, in a line."""
    done = "" if phase.fraction is None else f", {phase.fraction:.0%} of it"
    return f"{phase.index}: {phase.phase}{done}"


def tell(shown: render.Progress, done: Done) -> None:
    """Say on stderr what became of an index."""
    size = render.size(done.bytes)
    if done.outcome == "rebuilt" and done.bytes is not None:
        size = f"{render.size(done.bytes_before)} before, {size} now"
    again = f"begun {done.attempts} times" if done.attempts > 1 else ""
    shown.finish(
        done.index, done.milliseconds, ", ".join(filter(None, (f"{done.outcome} on {done.table}", size, again)))
    )
