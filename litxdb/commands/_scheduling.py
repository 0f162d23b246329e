"""What `litxdb backup --schedule` prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from litxdb import render
from litxdb.errors import ArgumentInvalid


def show_schedule(
    store: str | None,
    url: str | None,
    jobs: int,
    recipients: Sequence[str] | None,
    lock_wait: float,
    verify: bool,
    ping: str | None,
    prometheus: Path | None,
) -> None:
    """Print a crontab line and systemd's units for a backup with these options, from this directory, by this user."""
    from litxdb.backup.schedule import schedule

    if url:
        raise ArgumentInvalid(
            "A schedule with --url would show its password to whoever reads it.",
            "Write DATABASE_URL into the .env of this directory, and leave --url out.",
        )
    given = {"--store": store, "--ping": ping, "--prometheus": prometheus and str(prometheus.absolute())}
    given["--jobs"] = str(jobs) if jobs != 1 else None
    given["--lock-wait"] = f"{lock_wait:g}" if lock_wait != 60 else None
    words = [word for name, value in given.items() if value for word in (name, value)]
    words += [word for recipient in recipients or () for word in ("--recipient", recipient)]
    words += ["--verify"] if verify else []
    render.line(schedule([*_program(), "backup", *words, "--quiet"], Path.cwd(), _user()).rstrip())


def _program() -> list[str]:
    """Return how this very litxdb is run from anywhere."""
    script = Path(sys.executable).with_name("litxdb")
    return [str(script)] if script.exists() else [sys.executable, "-m", "litxdb"]


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name
