"""What a revision asks of the server: extensions, in a version that has what it uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litxdb.errors import ServerRefused

PACKAGES = {"vector": "pgvector"}
"""What Debian's packages call an extension: postgresql-MAJOR-NAME."""

QUERY = """
select a.default_version, e.extversion, current_setting('server_version_num')::int / 10000
from (select %s::text as name) wanted
left join pg_available_extensions a on a.name = wanted.name
left join pg_extension e on e.extname = wanted.name
"""


def require(cursor: Any, extensions: Mapping[str, str], revision: str) -> list[str]:
    """Return those of the extensions that are still to be created; any psycopg2 cursor will do.

    Raises ServerRefused, naming the package to install, for one that the server lacks or has too old.
    """
    missing = []
    for name, least in extensions.items():
        cursor.execute(QUERY, (name,))
        row = cursor.fetchone()
        assert row is not None
        available, installed, major = row
        package = f"postgresql-{major}-{PACKAGES.get(name, name)}"
        if available is None:
            raise ServerRefused(
                f"Revision {revision} needs the extension {name}, which this PostgreSQL {major} does not have: "
                f"install the package {package} (Debian, Ubuntu) on the server.",
                "Nothing was changed. Run litxdb migrate again afterwards.",
            )
        if _number(installed or available) < _number(least):
            newer = _number(available) >= _number(least)
            raise ServerRefused(
                f"Revision {revision} needs the extension {name} {least} or later, and this server has "
                f"{installed or available}.",
                f"Nothing was changed. Run ALTER EXTENSION {name} UPDATE in this database, then litxdb migrate again."
                if newer
                else f"Nothing was changed. Install a newer package {package}, then run litxdb migrate again.",
            )
        if installed is None:
            missing.append(name)
    return missing


def _number(version: str) -> tuple[int, ...]:
    """Make a version comparable.

    >>> _number("0.10") > _number("0.8.6")
    True
    """
    return tuple(int(part) for part in version.split(".") if part.isdigit())
