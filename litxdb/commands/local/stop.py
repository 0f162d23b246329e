"""Stop the local server; its data stays.

Example: litxdb local stop
"""

from __future__ import annotations

from litxdb import render


def command() -> None:
    from litxdb import local
    from litxdb.settings import Settings

    stopped = local.stop(Settings.load())
    render.note("Stopped." if stopped else "It was not running.")
