"""Delete the local database and everything in it, and make an empty one.

Example: litxdb local reset --yes && litxdb up
"""

from __future__ import annotations

from litxdb import render
from litxdb.commands._confirming import confirm
from litxdb.commands._options import Yes


def command(yes: Yes = False) -> None:
    from litxdb import local
    from litxdb.settings import Settings

    settings = Settings.load()
    stands = local.status(settings)
    if stands.state != "not created":
        word = local.DATABASE if settings.production else None
        confirm(f"This deletes {stands.directory} ({render.size(stands.size_bytes)}).", yes=yes, word=word)
    with render.step("PostgreSQL") as outcome:
        local.reset(settings, render.note)
        outcome.append("created anew, empty; litxdb up fills it")
