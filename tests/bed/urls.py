"""PostgreSQL URLs as the bed takes them apart and puts them together."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlencode

Address = Path | tuple[str, int]
"""Where a server listens: a Unix socket, or a host and port."""


def url_of(**keywords: str) -> str:
    """Write libpq keywords as a URL, as a person would: only what has no place of its own goes behind the `?`."""
    rest = dict(keywords)
    user, password, dbname = rest.pop("user", ""), rest.pop("password", None), rest.pop("dbname", "")
    login = quote(user, safe="") + ("" if password is None else ":" + quote(password, safe=""))
    place = ""
    if "host" in rest and not rest["host"].startswith("/"):
        host = rest.pop("host")
        place = (f"[{host}]" if ":" in host else host) + (f":{rest.pop('port')}" if "port" in rest else "")
    query = "?" + urlencode(rest, quote_via=quote) if rest else ""
    return f"postgresql://{login}{'@' if login else ''}{place}/{quote(dbname, safe='')}{query}"


def with_keywords(url: str, **changes: str | int | Path | None) -> str:
    """Change libpq keywords of a URL; None takes one out.

    >>> with_keywords("postgresql://ada@db/litx?sslmode=require", host="localhost", sslmode=None)
    'postgresql://ada@localhost/litx'
    """
    from psycopg2.extensions import parse_dsn

    keywords = {**parse_dsn(url), **changes}
    return url_of(**{name: str(value) for name, value in keywords.items() if value is not None})


def address_of(url: str) -> Address:
    """Say where the server of this URL listens."""
    from psycopg2.extensions import parse_dsn

    keywords = parse_dsn(url)
    host, port = keywords.get("hostaddr") or keywords.get("host") or "localhost", int(keywords.get("port", 5432))
    return Path(host, f".s.PGSQL.{port}") if host.startswith("/") else (host, port)
