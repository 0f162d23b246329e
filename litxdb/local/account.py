"""The operating system account that the server runs under: one's own, or another's for root."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litxdb.errors import ConfigurationInvalid

PREFERRED = ("postgres", "nobody")
"""What the server runs as when root starts it: PostgreSQL itself refuses to run as root."""


@dataclass(frozen=True)
class Account:
    """An account; `switch` says whether this process (root) has to change to it."""

    name: str
    uid: int
    gid: int
    switch: bool

    @classmethod
    def choose(cls, name: str | None, data: Path) -> Account:
        """Choose who runs the server: for root the account named, else the owner of `data`, else PREFERRED."""
        if os.geteuid() != 0:
            own = cls(_name_of(os.geteuid()), os.geteuid(), os.getegid(), switch=False)
            if name not in (None, own.name):
                raise ConfigurationInvalid(
                    f"The server cannot run as {name}: this process is {own.name}.", "Only root can change accounts."
                )
            return own
        if name is None and data.exists():
            owner = data.stat()
            return cls._other(_name_of(owner.st_uid), owner.st_uid, owner.st_gid, data)
        import pwd

        for candidate in (name,) if name else PREFERRED:
            try:
                entry = pwd.getpwnam(candidate)
            except KeyError:
                continue
            return cls._other(entry.pw_name, entry.pw_uid, entry.pw_gid, data)
        raise ConfigurationInvalid(
            f"There is no account {name or ' or '.join(PREFERRED)}, and PostgreSQL refuses to run as root.",
            "Run litxdb as an ordinary user, or set DATABASE_URL to a server of your own.",
        )

    @classmethod
    def _other(cls, name: str, uid: int, gid: int, data: Path) -> Account:
        if uid == 0:
            raise ConfigurationInvalid(
                f"PostgreSQL refuses to run as root, and {data} is to be root's.",
                f"Give it to another account (chown -R {PREFERRED[0]} {data}), or run litxdb as an ordinary user.",
            )
        return cls(name, uid, gid, switch=True)

    @property
    def identity(self) -> dict[str, Any]:
        """Keywords for `subprocess` that run a program under this account, its groups included."""
        if not self.switch:
            return {}
        try:
            groups = os.getgrouplist(self.name, self.gid)
        except (KeyError, OSError):
            groups = [self.gid]
        return {"user": self.uid, "group": self.gid, "extra_groups": groups}

    def require_entry(self) -> None:
        """Refuse an account without a passwd entry: initdb does, in words that help nobody."""
        import pwd

        try:
            pwd.getpwuid(self.uid)
        except KeyError:
            raise ConfigurationInvalid(
                f"The user id {self.uid} has no entry in /etc/passwd, which PostgreSQL needs to create a database.",
                "Run as a user that has one, or set DATABASE_URL to a server of your own.",
            ) from None

    def runs(self, program: Path) -> bool:
        """Tell whether the account can execute this program."""
        try:
            return subprocess.run([program, "--version"], capture_output=True, **self.identity).returncode == 0
        except PermissionError:
            return False

    def enters(self, directory: Path) -> bool:
        """Tell whether the account can enter this directory; asked of the system, which knows about ACLs too."""
        test = shutil.which("test", path=os.defpath)
        if not self.switch or test is None:
            return os.access(directory, os.X_OK)
        return subprocess.run([test, "-x", directory], **self.identity).returncode == 0

    def require_way_to(self, directory: Path) -> None:
        """Refuse a directory below one that the account cannot enter; nobody's permissions are widened for it."""
        if self.enters(directory):
            return
        closed = next(path for path in (*reversed(directory.parents), directory) if not self.enters(path))
        raise ConfigurationInvalid(
            f"{self.name}, the account that runs PostgreSQL for root, cannot enter {closed}.",
            "Set LITXDB_HOME to a directory that it can reach, such as /var/lib/litxdb.",
        )


def _name_of(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
