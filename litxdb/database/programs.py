"""How PostgreSQL's own programs (pg_dump, pg_restore) reach the server that a connection of ours has reached."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from litxdb.database.connecting import KEEPALIVES
from litxdb.database.libpq import KEYWORDS
from litxdb.database.sessions import Database
from litxdb.database.tunnel import tunnel
from litxdb.settings import surroundings

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

VARIABLES = {keyword: name for name, keyword in KEYWORDS.items()} | {
    "application_name": "PGAPPNAME",
    "requirepeer": "PGREQUIREPEER",
    "sslcrldir": "PGSSLCRLDIR",
    "sslsni": "PGSSLSNI",
    "sslcertmode": "PGSSLCERTMODE",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
}
"""A program older than a keyword ignores its variable, where it would refuse the keyword itself."""

LISTED = ("host", "hostaddr", "port")
"""The keywords of which there may be one for each of several hosts."""


@dataclass(frozen=True)
class Route:
    """What a program is started with; `environment` may hold the password, which stands nowhere else.

    `tls` is none, native or tunnel.
    """

    environment: Mapping[str, str] = field(repr=False)
    arguments: tuple[str, ...]
    tls: str


@contextlib.contextmanager
def route(db: Database, connection: Connection, *, has_tls: bool) -> Iterator[Route]:
    """Lead a program to the server and the database of this direct connection, for the time of the block.

    Of several hosts it is the one that was reached. Where that took TLS and the program has none (`has_tls`), it goes
    through a tunnel. The password is passed in the environment: a file would be left behind by a kill.
    """
    info = connection.info
    parameters = _reached(db.parameters(db.direct_endpoint), str(info.host), str(info.port))
    parameters |= {"user": str(info.user), "dbname": str(info.dbname)}
    if info.password:  # also one from a file of passwords, which knows the server by its real name only
        parameters["password"] = str(info.password)
    encrypted = bool(info.ssl_in_use)
    with contextlib.ExitStack() as stack:
        tls = "native" if encrypted else "none"
        if encrypted and (not has_tls or "sslpassword" in parameters):
            parameters, tls = stack.enter_context(tunnel(parameters, db.settings)), "tunnel"
        elif not has_tls:
            parameters.pop("channel_binding", None)
            parameters["sslmode"] = "disable"
        variables = {VARIABLES[keyword]: value for keyword, value in parameters.items() if keyword in VARIABLES}
        keepalives = " ".join(f"{name}={value}" for name, value in KEEPALIVES.items())
        yield Route(surroundings(variables | {"LC_ALL": "C"}), ("-d", keepalives), tls)


def _reached(parameters: Mapping[str, str], host: str, port: str) -> dict[str, str]:
    """Reduce several hosts to the one that was reached.

    >>> _reached({"host": "a,b", "port": "5432,5433", "user": "ada"}, "b", "5433")
    {'host': 'b', 'port': '5433', 'user': 'ada'}
    """
    lists = {name: parameters[name].split(",") for name in LISTED if name in parameters}
    places = [
        {name: words[number % len(words)] for name, words in lists.items()}
        for number in range(max(map(len, lists.values()), default=1))
    ]
    reached = (
        place
        for place in places
        if host in {place.get("host"), place.get("hostaddr")} and (place.get("port") or "5432") == port
    )
    return {**parameters, **next(reached, places[0])}
