"""Stop the local server; its data stays.

Example: litxdb local stop
"""

from __future__ import annotations

from litxdb import render


def command() -> None:
    from litxdb import local
    from litxdb.settings import Settings

    settings = Settings.load()
    if local.status(settings).state != "running":
        render.note("The local server does not run.")
        return
    with render.step("PostgreSQL") as outcome:
        local.stop(settings)
        outcome.append("stopped; its data stays")
