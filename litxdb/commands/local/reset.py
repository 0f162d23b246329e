"""Delete the local database and make an empty one.

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
    confirm(f"This deletes {stands.directory} ({render.size(stands.size)}) and everything in it.", yes=yes)
    with render.step("PostgreSQL") as outcome:
        local.reset(settings)
        outcome.append("deleted and created anew, empty")
