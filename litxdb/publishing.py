"""Writing a file that others read at any moment: whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from litxdb.errors import ConfigurationInvalid
from litxdb.redaction import redact


def publish(path: Path, text: str) -> None:
    """Put a text, its secrets masked, in the place of the file; anybody may read it.

    Until the end the old file stays, whatever happens. Raises ConfigurationInvalid where it cannot be written.
    """
    try:
        # the name does not end as node_exporter's files do, which would read it half-written
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(redact(text))
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise ConfigurationInvalid(
            f"{path} cannot be written: {error.strerror}.", "Name a file in a directory that can be written."
        ) from error


def sync_directory(directory: Path) -> None:
    """Have a directory's new entries on the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
