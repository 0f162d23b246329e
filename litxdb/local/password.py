"""The password that TCP on loopback asks for: every local user can reach the port, and only the owner the file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from litxdb import redaction
from litxdb.local import probe
from litxdb.local.files import open_private

PREFIX = "127.0.0.1:*:*:postgres:"


def establish(passfile: Path, parameters: Mapping[str, str]) -> None:
    """Give the server the password in the file, making one up at first use.

    The server gets its SCRAM verifier only, so that neither its log nor pg_stat_statements ever sees the password.
    """
    import psycopg2.extensions

    password = _read(passfile) or _make(passfile)
    redaction.remember(password)
    session = probe.connect(parameters)
    try:
        verifier = psycopg2.extensions.encrypt_password(password, "postgres", session, "scram-sha-256")
        with session.cursor() as cursor:
            cursor.execute("alter role postgres password %s", (verifier,))
    finally:
        session.close()


def _read(passfile: Path) -> str | None:
    try:
        descriptor = os.open(passfile, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor) as file:
        return file.readline().strip().removeprefix(PREFIX) or None


def _make(passfile: Path) -> str:
    password = secrets.token_urlsafe(24)
    with os.fdopen(open_private(passfile, os.O_WRONLY | os.O_TRUNC), "w") as file:
        file.write(f"{PREFIX}{password}\n")
    return password
