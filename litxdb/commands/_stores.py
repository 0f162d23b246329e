"""Which store a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.errors import ConfigurationInvalid
from litxdb.settings import Settings

if TYPE_CHECKING:
    from litxdb.backup import Store


def chosen(option: str | None, settings: Settings) -> Store:
    """Return the store of --store, else of LITXDB_BACKUP_STORE. Raises ConfigurationInvalid when there is neither."""
    from litxdb import backup

    place = settings.backup_store if option is None else option
    if place is None:
        raise ConfigurationInvalid(
            "No backup store is configured.", "Give --store a directory, or set LITXDB_BACKUP_STORE."
        )
    return backup.open_store(place, settings.store_options)
