"""Which store an address names: a directory of this machine, or a bucket."""

from __future__ import annotations

from collections.abc import Mapping

from litxdb.backup.directory import Directory
from litxdb.backup.object_store import SCHEMES, ObjectStore
from litxdb.backup.store import Store
from litxdb.errors import ConfigurationInvalid


def open_store(text: str, options: Mapping[str, str] | None = None) -> Store:
    """Return the store that --store or LITXDB_BACKUP_STORE names; nothing is made or read yet.

    `options` are the variables by which a bucket is reached (Settings.store_options). Raises ConfigurationInvalid for
    what is no store.
    """
    kinds = "Give --store a directory, or s3://bucket/prefix."
    if not text.strip():
        raise ConfigurationInvalid("The backup store is set but empty.", kinds)
    scheme, separator, rest = text.partition("://")
    if separator and scheme in SCHEMES:
        return ObjectStore(text, options or {})
    if separator and scheme != "file":
        raise ConfigurationInvalid(f"There is no backup store of the kind {scheme}://.", kinds)
    return Directory(rest if separator else text)
