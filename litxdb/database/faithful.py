"""Sessions that read everything: nothing ends them, no policy hides a row, a value is written the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SETTINGS = {
    # nothing may end it: it idles for as long as others work on the same snapshot
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "jit": "off",
    # what the text of a value depends on
    "search_path": "",
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    # rather fail than leave out rows that a policy hides
    "row_security": "off",
}
NEWER = {"transaction_timeout": ("0", 170000)}


def prepare(connection: Connection, own: Mapping[str, str], *, own_search_path: bool = False) -> None:
    """Make these settings, and the caller's `own`, for a session in autocommit.

    With `own_search_path` the role's is kept: triggers that fire may rely on it.
    """
    connection.set_client_encoding("UTF8")
    version = connection.info.server_version
    newer = {name: value for name, (value, since) in NEWER.items() if version >= since}
    settings = {**SETTINGS, **newer, **own}
    if own_search_path:
        del settings["search_path"]
    calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
    with connection.cursor() as cursor:
        cursor.execute(f"select {calls}", [word for pair in settings.items() for word in pair])
