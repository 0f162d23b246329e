"""The local server for commands that look into it but never create it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb import render
from litxdb.errors import ConfigurationInvalid

if TYPE_CHECKING:
    from litxdb.local import Cluster


def running() -> Cluster:
    """Return the local server, started if it was stopped. Raises ConfigurationInvalid when there is none."""
    from litxdb import local
    from litxdb.settings import Settings

    settings = Settings.load()
    if not local.exists(settings):
        raise ConfigurationInvalid("There is no local server yet.", "Create it: litxdb up")
    return local.ensure(settings, render.note)
