"""Examining again and again: a terminal is painted anew, a pipe gets a line each time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from litxdb import render
from litxdb.commands import _examining

if TYPE_CHECKING:
    from litxdb.doctor import Examination


def watch(
    look: Callable[[], Examination],
    seconds: float,
    publish: Callable[[Examination], None],
    *,
    as_json: bool,
    verbose: bool,
) -> None:
    """Show what each look sees, and publish it, until Ctrl-C or until nobody reads it any more.

    A look begins every `seconds`, or when the one before it has ended.
    """
    listening = True
    while listening:
        start = time.monotonic()
        examined = look()
        if as_json:
            listening = _json(examined)
        elif render.width():
            render.clear()
            _examining.draw(examined, verbose=verbose)
            render.line(f"\nAt {examined.started.astimezone():%H:%M:%S}, every {seconds:g} s; Ctrl-C ends it.")
        else:
            listening = render.line(_line(examined))
        publish(examined)
        if listening:
            time.sleep(max(0.0, start + seconds - time.monotonic()))


def _json(examined: Examination) -> bool:
    from litxdb.doctor.document import document

    return render.json(document(examined), compact=True)


def _line(examined: Examination) -> str:
    said = _examining.verdict(examined)
    found = "; ".join(
        f"{each.check} {each.object}: {each.measured}" for each in examined.findings if each.level != "info"
    )
    return f"{examined.started:%Y-%m-%dT%H:%M:%SZ}  {render.printable(': '.join(filter(None, (said, found))))}"
