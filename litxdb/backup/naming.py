"""What files in a store are called: nothing of a server or a role is in a name, and nothing that a shell trips over."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import UTC, datetime

PARTIAL = ".partial"
"""What a file is called besides until it is whole; no list shows these."""

_NAME = r"(?P<backup>[a-z0-9_]{1,40}-\d{8}T\d{6}Z-[0-9a-f]{6})"
_FILE = re.compile(
    rf"{_NAME}\.(?:(?P<archive>(?:dump|tar)\.zst(?:\.age)?)|(?P<manifest>manifest\.json)|(?P<attempt>attempt\.json)"
    r"|(?P<proof>proof-\d{8}T\d{6}Z-[0-9a-f]{6}\.json)|(?P<tombstone>deleted))"
)


class Kind(enum.StrEnum):
    """What a file of a backup is."""

    archive = "archive"
    manifest = "manifest"
    attempt = "attempt"
    proof = "proof"
    tombstone = "tombstone"


@dataclass(frozen=True)
class FileName:
    """A file's name taken apart: whose it is and what it is."""

    backup: str
    kind: Kind


def backup_name(dbname: str, at: datetime, token: str) -> str:
    r"""Name a backup by its database, its beginning in UTC, and six hexadecimal digits of chance.

    >>> backup_name('../"Lit"\nXplore', datetime(2026, 11, 22, 2, 3, 5, tzinfo=UTC), "3f9a1c")
    'lit_xplore-20261122T020305Z-3f9a1c'
    >>> backup_name("数", datetime(2026, 11, 22, tzinfo=UTC), "3f9a1c")
    'db-20261122T000000Z-3f9a1c'
    """
    readable = re.sub(r"[^a-z0-9_]+", "_", dbname.lower()).strip("_")[:40].strip("_") or "db"
    return f"{readable}-{stamp(at)}-{token}"


def slug(backup: str) -> str:
    """Return the part of a backup's name that its database's name became.

    >>> slug("lit_xplore-20261122T020305Z-3f9a1c")
    'lit_xplore'
    """
    return backup.partition("-")[0]


def began(backup: str) -> str:
    """Return when a backup of this name began, by the clock of the machine that made it; sorts by time.

    >>> began("lit_xplore-20261122T020305Z-3f9a1c")
    '20261122T020305Z'
    """
    return backup.split("-")[1]


def stamp(at: datetime) -> str:
    """Write a moment as names have it: in UTC, to the second, sorting by time."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def archive_file(backup: str, *, parallel: bool, encrypted: bool) -> str:
    """Name the archive: pg_dump's custom format, or its directory format as a tar; in both cases through zstd."""
    return f"{backup}.{'tar' if parallel else 'dump'}.zst{'.age' if encrypted else ''}"


def manifest_file(backup: str) -> str:
    """Name the manifest; as long as there is none, there is no backup."""
    return f"{backup}.manifest.json"


def attempt_file(backup: str) -> str:
    """Name the record of an attempt, which lasts until the manifest is written."""
    return f"{backup}.attempt.json"


def proof_file(backup: str, at: datetime, token: str) -> str:
    """Name a proof; a backup may have many."""
    return f"{backup}.proof-{stamp(at)}-{token}.json"


def tombstone_file(backup: str) -> str:
    """Name the mark of a backup whose files are being deleted; where there is no manifest any more, it is none."""
    return f"{backup}.deleted"


def parse(file: str) -> FileName | None:
    """Take a name apart; None for any file that is not litxdb's.

    >>> parse("litx-20261122T020305Z-3f9a1c.dump.zst")
    FileName(backup='litx-20261122T020305Z-3f9a1c', kind=<Kind.archive: 'archive'>)
    >>> parse("litx-20261122T020305Z-3f9a1c.dump.zst.partial"), parse("../litx.manifest.json")
    (None, None)
    """
    match = _FILE.fullmatch(file)
    if match is None:
        return None
    kind = next(kind for kind in Kind if match[kind.value])
    return FileName(match["backup"], kind)
