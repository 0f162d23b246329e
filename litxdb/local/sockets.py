"""Where the server's Unix socket is: in the data directory, or in a short private directory where that is too long."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from pathlib import Path

from litxdb.errors import ConfigurationInvalid
from litxdb.local.account import Account

LONGEST = 103 if sys.platform == "darwin" else 107
"""Bytes of a socket's path that the operating system takes (sun_path without its final zero)."""

SEPARATORS = ",:"
"""libpq splits a host at commas into several hosts, and SQLAlchemy cuts a port off at a colon."""


def directory_for(data: Path, account: Account) -> Path:
    """Return the directory of the socket for this data directory; nothing is made."""
    if _fits(data):
        return data
    name = f"litxdb-{account.uid}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - verified in `make`
        if _fits(parent / name) and account.enters(parent):
            return parent / name
    raise ConfigurationInvalid(
        f"No directory is short enough for the Unix socket of {data}.", "Set LITXDB_HOME to a shorter path."
    )


def make(directory: Path, account: Account) -> None:
    """Make the directory for the account alone; refuse one that somebody else has made in its place."""
    try:
        directory.mkdir(0o700)
    except FileExistsError:
        pass
    else:
        if account.switch:
            os.chown(directory, account.uid, account.gid, follow_symlinks=False)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or stat.S_IMODE(found.st_mode) & 0o077:
        raise ConfigurationInvalid(
            f"{directory}, where the server's Unix socket belongs, is not a private directory of {account.name}.",
            "Remove it, or set LITXDB_HOME to a shorter path, so that the socket fits beside the data.",
        )


def quoted(directory: Path) -> str:
    """Return the value of unix_socket_directories that means this one directory, whatever its name contains.

    >>> quoted(Path('/home/a "b", c'))
    '"/home/a ""b"", c"'
    """
    return '"' + str(directory).replace('"', '""') + '"'


def _fits(directory: Path) -> bool:
    path = os.fsencode(directory / ".s.PGSQL.65535")
    return len(path) <= LONGEST and not any(separator in str(directory) for separator in SEPARATORS)
