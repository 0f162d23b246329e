"""Asks a server whether it is there, and whether it serves the data directory that is meant."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litxdb.errors import ConnectionFailed, ServerRefused
from litxdb.local.files import same_directory

if TYPE_CHECKING:
    from psycopg2.extensions import connection

CONNECT_SECONDS = 10


class Answer(enum.Enum):
    """What came back from an attempt to connect."""

    SERVING = "it serves"
    FULL = "all its connections are taken"
    STARTING = "it is starting up"
    STOPPING = "it is shutting down"
    ANOTHER = "another server has its socket"
    NO_DATABASE = "there is no such database"
    NONE = "nothing answers on its socket"


TEXTS = {
    "the database system is starting up": Answer.STARTING,
    "the database system is in recovery mode": Answer.STARTING,
    "not yet accepting connections": Answer.STARTING,
    "not accepting connections": Answer.STARTING,
    "the database system is shutting down": Answer.STOPPING,
    "too many clients": Answer.FULL,
    "remaining connection slots": Answer.FULL,
}
"""Errors while connecting carry no SQLSTATE in psycopg2; the server runs with lc_messages=C, so the text is stable."""


def connect(parameters: Mapping[str, str]) -> connection:
    """Connect in autocommit mode, untouched by PGOPTIONS of the environment."""
    import psycopg2

    words: dict[str, Any] = {
        **parameters,
        "options": "",
        "connect_timeout": str(CONNECT_SECONDS),
        "application_name": "litxdb local",
    }
    session: connection = psycopg2.connect("", **words)
    session.autocommit = True
    return session


def ask(parameters: Mapping[str, str], data: Path) -> Answer:
    """Connect once and see who answers; a refusal that waiting cannot cure raises ServerRefused."""
    import psycopg2

    try:
        session = connect(parameters)
    except psycopg2.OperationalError as error:
        text = str(error).strip()
        if 'FATAL:  database "' in text and "does not exist" in text:
            return Answer.NO_DATABASE
        for known, answer in TEXTS.items():
            if known in text:
                return answer
        if "FATAL:" in text:
            raise ServerRefused(
                f"The PostgreSQL in {data} refuses litxdb: {text.split('FATAL:')[-1].strip()}."
            ) from error
        return Answer.NONE
    try:
        with session.cursor() as cursor:
            cursor.execute("show data_directory")
            row = cursor.fetchone()
    except psycopg2.Error as error:
        raise ConnectionFailed(f"The PostgreSQL in {data} ended the session: {error}.", "Try again.") from error
    finally:
        session.close()
    return Answer.SERVING if row and same_directory(Path(row[0]), data) else Answer.ANOTHER
