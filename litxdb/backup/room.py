"""Whether a disk of this machine has room for what is to be restored there."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from litxdb.backup.manifest import Manifest
from litxdb.database import Database
from litxdb.errors import ConfigurationInvalid

LEAST_SHARE = 0.5
"""The smallest part of its size that a database takes when it is restored: dead rows and holes in indexes do not come
along, and where these are more than half of it somebody has noticed."""
PLACE = """
select coalesce(nullif(pg_tablespace_location(dattablespace), ''), current_setting('data_directory'))
from pg_database where datname = current_database()
"""


def require_room(directory: Path, manifest: Manifest) -> None:
    """Raise ConfigurationInvalid if a backup cannot be restored on the disk of this directory, a local server's.

    Nobody knows exactly what a restored database takes. So what is refused is hopeless: there is less room than for
    LEAST_SHARE of what the database had, and the unpacked archive if TMPDIR is on the same disk. WAL comes on top, and
    so do sorts. A disk that fills up in spite of this is noticed when it does.
    """
    needed = round(manifest.source.bytes * LEAST_SHARE)
    try:
        free = shutil.disk_usage(directory).free
        if directory.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
            needed += manifest.archive.raw_bytes
    except OSError:  # another account's, below a directory that is not ours to search
        return
    if free < needed:
        raise ConfigurationInvalid(
            f"{directory} has {free / 1e6:,.0f} MB free, and restoring {manifest.name} takes at least "
            f"{needed / 1e6:,.0f} MB there.",
            "Free some space there, set LITXDB_HOME to a directory on a larger disk, or give --into another server.",
        )


def require_embedded_room(db: Database, manifest: Manifest) -> None:
    """Do the same for a database of the embedded server, and nothing for any other: its disk may be anywhere."""
    if not db.endpoint.embedded:
        return
    with contextlib.closing(db.connect(direct=True)) as connection, connection.cursor() as cursor:
        cursor.execute(PLACE)
        ((directory,),) = cursor.fetchall()
    require_room(Path(directory), manifest)
