"""What has a backup made every night: a line of a crontab, and a service with its timer for systemd."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from litxdb.errors import ArgumentInvalid
from litxdb.settings import ENV_FILE

HOUR, MINUTE = 2, 17
"""At an odd minute, when few others begin."""


def schedule(command: Sequence[str], directory: Path, user: str) -> str:
    """Write both, for a command that runs in this directory, where its .env is.

    Raises ArgumentInvalid for what neither can hold.
    """
    if any(re.search(r"[\x00-\x1f\x7f]", word) for word in (*command, str(directory), user)):
        raise ArgumentInvalid(
            "A control character cannot be part of a schedule.", "Give the file or directory another name."
        )
    return f"""\
# Neither cron nor systemd has your shell's variables: DATABASE_URL, LITXDB_BACKUP_STORE and so on are read from
# {directory / ENV_FILE}

# Either cron, by crontab -e; it mails what goes wrong:

{crontab_line(command, directory)}

# Or systemd. /etc/systemd/system/litxdb-backup.service:

{service(command, directory, user)}
# /etc/systemd/system/litxdb-backup.timer:

{TIMER}
# Then: systemctl daemon-reload && systemctl enable --now litxdb-backup.timer
"""


def crontab_line(command: Sequence[str], directory: Path) -> str:
    r"""Write the line; to cron % is the end of the command, unless escaped.

    >>> print(crontab_line(["litxdb", "backup", "--store", "/my 100%"], Path("/srv")))
    17 2 * * *  cd /srv && litxdb backup --store '/my 100\%'
    """
    run = f"cd {shlex.quote(str(directory))} && {shlex.join(command)}"
    return f"{MINUTE} {HOUR} * * *  {run}".replace("%", r"\%")


def service(command: Sequence[str], directory: Path, user: str) -> str:
    """Write the unit that makes one backup."""
    return f"""\
[Unit]
Description=Back up the database (litxdb)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={_specifier(user)}
WorkingDirectory={_specifier(str(directory))}
ExecStart={" ".join(map(_quoted, command))}
Nice=10
"""


TIMER = f"""\
[Unit]
Description=Back up the database every night (litxdb)

[Timer]
OnCalendar=*-*-* {HOUR:02}:{MINUTE:02}:00
RandomizedDelaySec=5min
Persistent=true

[Install]
WantedBy=timers.target
"""
"""Persistent makes up for a night in which the machine was off."""


def _quoted(word: str) -> str:
    r"""Write a word as ExecStart takes it: https://www.freedesktop.org/software/systemd/man/systemd.service.html

    >>> print(_quoted("--quiet"), _quoted('/my "100%" $x'))
    --quiet "/my \"100%%\" $$x"
    """
    escaped = _specifier(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return escaped if re.fullmatch(r"[\w@%+=:,./-]+", word) else f'"{escaped}"'


def _specifier(text: str) -> str:
    return text.replace("%", "%%")
