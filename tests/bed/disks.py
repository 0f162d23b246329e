"""Small disks, for what happens when one is full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bed.requirement import require


@contextmanager
def small(directory: Path, megabytes: int) -> Iterator[Path]:
    """Make a directory that is a disk of so many megabytes; root alone can."""
    require(os.geteuid() == 0, "only root can mount a small disk")
    directory.mkdir()
    kind = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "litxdb-test"]
    done = subprocess.run([*kind, directory], check=False)
    require(done.returncode == 0, "a tmpfs cannot be mounted here")
    try:
        yield directory
    finally:
        subprocess.run(["umount", directory], check=True)
        directory.rmdir()
