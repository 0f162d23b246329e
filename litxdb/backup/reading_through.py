"""Reading a backup to its end: the file is what was written, and pg_restore finds every table in it."""

from __future__ import annotations

import subprocess
import tarfile
from typing import BinaryIO

from litxdb.backup import archive, children, pg_restore, tools
from litxdb.backup.archive import Decrypt
from litxdb.backup.manifest import Manifest
from litxdb.backup.store import Store
from litxdb.backup.unpacking import workplace
from litxdb.errors import BackupDamaged
from litxdb.settings import Settings, surroundings

CHUNK = 1 << 20
TOC = "toc.dat"


def read_through(store: Store, manifest: Manifest, settings: Settings, decrypt: Decrypt | None) -> None:
    """Let pg_restore read all of an archive, which is proven to its end on the way.

    Raises BackupDamaged, and ToolMissing without a pg_restore of that version.
    """
    major = int(manifest.client.version.partition(".")[0])
    tool = tools.find("pg_restore", major, settings, f"The archive was written by pg_dump {major}")
    with archive.raw(store, manifest, decrypt) as reading:
        tables = _read_directory(tool, reading) if manifest.archive.format == "directory" else _feed(tool, reading)
    if tables != len(manifest.contents.tables):
        raise BackupDamaged(
            f"{manifest.archive.file} holds the rows of {tables} tables instead of {len(manifest.contents.tables)}.",
            "Take another backup.",
        )


def _feed(tool: tools.Tool, reading: BinaryIO) -> int:
    """Feed a custom archive to a pg_restore that writes nowhere, and return how many tables' rows it found."""
    command = [str(tool.path), "-f", "/dev/null", "--verbose"]
    process = children.spawn(command, surroundings({"LC_ALL": "C"}), stdin=subprocess.PIPE)
    tables = 0

    def said(kind: str, name: str) -> None:
        nonlocal tables
        tables += kind == "rows"

    try:
        with pg_restore.listening(process, said) as told:
            children.feed(process, iter(lambda: reading.read(CHUNK), b""))
            while reading.read(CHUNK):  # what it did not want is proven all the same
                pass
            code = process.wait()
    finally:
        children.end(process)
    if code:
        raise pg_restore.failure(told.errors, code)
    return tables


def _read_directory(tool: tools.Tool, reading: BinaryIO) -> int:
    """Read every file of a directory dump, have pg_restore read its table of contents, and count the tables there."""
    with workplace(0) as folder:
        target = folder / "dump"
        target.mkdir()
        try:
            with tarfile.open(fileobj=reading, mode="r|") as tar:
                for member in tar:
                    if member.name == TOC:
                        tar.extract(member, target, filter="data")
        except tarfile.TarError as error:
            raise BackupDamaged(f"The archive cannot be unpacked: {error}.", "Take another backup.") from None
        while reading.read(CHUNK):
            pass
        return pg_restore.count_tables(pg_restore.listing(tool, target))
