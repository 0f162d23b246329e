"""An empty database of the scratch server, for what one backup holds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from litxdb.backup.manifest import Manifest
from litxdb.backup.room import require_room
from litxdb.database import Database
from litxdb.local import scratch, scratch_database
from litxdb.settings import Settings


@contextlib.contextmanager
def scratch_for(settings: Settings, manifest: Manifest, command: str) -> Iterator[Database]:
    """Make one for the time of the block, of the encoding that the backup has.

    Raises ConfigurationInvalid where the backup cannot fit there.
    """
    with scratch(settings) as cluster:
        require_room(cluster.data, manifest)  # now that what a killed run left there is gone
        with scratch_database(cluster, encoding=manifest.source.encoding) as name:
            there = replace(settings, url=cluster.url(name), source="the scratch server", direct_url=None, libpq={})
            with Database(settings=there, command=command) as db:
                yield db
