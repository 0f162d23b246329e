"""Creates a data directory whole or not at all, and deletes only those that litxdb created."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from litxdb.errors import ConfigurationInvalid, Refused, ServerRefused, ToolMissing
from litxdb.local.account import Account
from litxdb.local.binaries import Binaries
from litxdb.local.files import open_private
from litxdb.local.postmaster import ENVIRONMENT, summary

MARKER = "MADE_BY_LITXDB"
PARTIAL = ".litxdb-partial-"
"""So particular that no directory of a person begins like this: what does is deleted."""
SHELL_SIGNS = '"$`\\'
LOCALE = ["--locale=C.UTF-8"] if sys.platform == "linux" else ["--locale=C", "--lc-ctype=en_US.UTF-8"]
"""Code point order and Unicode letters, as Neon has them; macOS knows the letters under another name."""


def exists(data: Path) -> bool:
    """Tell whether there is a data directory; an unfinished one never has this name."""
    return os.path.isfile(data / "PG_VERSION")  # noqa: PTH113 - Path.is_file() raises where it may not look


def require_major(data: Path, version: str) -> None:
    """Refuse what is there but is no data directory of this major version."""
    if not exists(data):
        raise ConfigurationInvalid(
            f"{data} is in the way: it is not a PostgreSQL data directory.", "Move it, or set LITXDB_HOME elsewhere."
        )
    major = (data / "PG_VERSION").read_text().strip()
    if major != version.split(".")[0]:
        raise ConfigurationInvalid(
            f"{data} belongs to PostgreSQL {major}, and this installation is PostgreSQL {version}.",
            f"Dump it with PostgreSQL {major} and restore it into a new one, or start afresh: litxdb local reset.",
        )


def create(data: Path, binaries: Binaries, account: Account) -> None:
    """Run initdb in a directory of another name and rename that at the end; call this under the lock."""
    account.require_entry()
    if any(sign in str(binaries.bin) for sign in SHELL_SIGNS):
        raise ToolMissing(
            f"PostgreSQL cannot be created by the programs in {binaries.bin}: initdb hands that path to a shell.",
            f"Install litxdb in a directory whose name has none of {SHELL_SIGNS}",
        )
    partial = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=data.parent))
    try:
        if account.switch:
            os.chown(partial, account.uid, account.gid)
        _initdb(partial, data, binaries, account)
        with os.fdopen(open_private(partial / MARKER, os.O_WRONLY), "w") as marker:
            marker.write("litxdb made this data directory; `litxdb local reset` deletes it.\n")
        partial.rename(data)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _initdb(partial: Path, data: Path, binaries: Binaries, account: Account) -> None:
    # initdb accepts trust for the socket, which only its owner can reach, and a password for TCP that nobody has
    method = ["--auth-local=trust", "--auth-host=scram-sha-256"]
    done = subprocess.run(
        [binaries.bin / "initdb", "-D", partial, "--no-sync", "-U", "postgres", "-E", "UTF8", *LOCALE, *method],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=ENVIRONMENT,
        cwd="/",
        **account.identity,
    )
    if done.returncode != 0:
        raise ServerRefused(
            f"PostgreSQL could not be created in {data}: {summary(done.stderr)}.",
            "Mend that (free some space, say), or set LITXDB_HOME to another directory.",
        )


def clean(directory: Path) -> None:
    """Remove what an interrupted creation or deletion has left; call this under the lock."""
    for leftover in directory.glob(f"{PARTIAL}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def require_ours(data: Path) -> None:
    """Refuse a data directory that `create` did not make."""
    if data.is_symlink() or not exists(data) or not (data / MARKER).is_file():
        raise Refused(
            f"{data} was not made by litxdb, so litxdb does not delete it.", "Check LITXDB_HOME, or remove it yourself."
        )


def delete(data: Path) -> None:
    """Delete a data directory that `create` made; call this under the lock, with no server."""
    doomed = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=data.parent))
    data.rename(doomed / data.name)
    shutil.rmtree(doomed)
