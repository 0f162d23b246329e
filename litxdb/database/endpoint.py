"""Where a database is: whatever a person may write, as libpq keywords that are known to be sound."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from litxdb.errors import ConfigurationInvalid
from litxdb.redaction import remember

EXAMPLE = "Write it as postgresql://user@host:5432/database"
ESCAPES = (
    "; in a URL write the special characters of a password percent-encoded (@ as %40, / as %2F, # as %23, % as %25)."
)
NEON_DOMAIN = ".neon.tech"
POOLER_SUFFIX = "-pooler"
_SCHEME = re.compile(
    r"^(?P<scheme>[a-z][a-z0-9]*)(?:\+(?P<driver>[a-z0-9_]+))?:(?P<rest>//.*)$", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Endpoint:
    """One place to connect to, as libpq's keywords; `parameters` may hold the password and stays out of repr."""

    parameters: Mapping[str, str] = field(repr=False)
    source: str
    embedded: bool = False

    def __str__(self) -> str:
        """Name the endpoint for a person: user, hosts, ports and database, never the password."""
        ports = self.ports * len(self.hosts) if len(self.ports) == 1 else self.ports
        places = ",".join(
            (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
            for host, port in zip(self.hosts or ("",), ports or ("",) * max(1, len(self.hosts)), strict=False)
        )
        if self.hosts and self.hosts[0].startswith(("/", "@")):
            port = f"&port={ports[0]}" if ports and ports[0] not in {"", "5432"} else ""
            return f"postgresql://{self._at}/{self.dbname}?host={','.join(self.hosts)}{port}"
        return f"postgresql://{self._at}{places}/{self.dbname}"

    @property
    def _at(self) -> str:
        user = self.parameters.get("user")
        return f"{user}@" if user else ""

    @property
    def dbname(self) -> str:
        """The database's name; libpq's default is the user's."""
        return self.parameters.get("dbname") or self.parameters.get("user") or ""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Host names, addresses or socket directories, in the order libpq tries them; empty for the default socket."""
        hosts = self.parameters.get("host") or self.parameters.get("hostaddr") or ""
        return tuple(hosts.split(",")) if hosts else ()

    @property
    def ports(self) -> tuple[str, ...]:
        """The ports as written: none, one for all hosts, or one a host."""
        return tuple(self.parameters["port"].split(",")) if self.parameters.get("port") else ()

    @property
    def is_local(self) -> bool:
        """Whether all hosts are this machine, over a socket or the loopback interface: there TLS is not asked for."""
        return all(_is_local(host) for host in self.hosts)

    @property
    def is_neon(self) -> bool:
        """Whether Neon hosts it, by the name of its first host."""
        return bool(self.hosts) and self.hosts[0].lower().rstrip(".").endswith(NEON_DOMAIN)

    @property
    def is_neon_pooler(self) -> bool:
        """Whether it is Neon's pooled endpoint: the first label of the host ends in -pooler."""
        return self.is_neon and self.hosts[0].partition(".")[0].lower().endswith(POOLER_SUFFIX)

    def without_neon_pooler(self) -> Endpoint:
        """Return Neon's direct endpoint for this pooled one, and any other endpoint unchanged.

        The two names differ by `-pooler` alone (https://neon.com/docs/connect/connection-pooling).
        """
        if not self.is_neon_pooler:
            return self
        hosts = [_without_suffix(host) for host in self.hosts]
        return replace(self, parameters={**self.parameters, "host": ",".join(hosts)})


def parse(text: str, source: str) -> dict[str, str]:
    """Turn a URL or a key=value DSN into libpq keywords, and have its password masked from here on.

    Takes postgres://, postgresql:// and SQLAlchemy's postgresql+driver://. Raises ConfigurationInvalid, whose text
    never quotes the URL: a wrong one shows its password in surprising places.
    """
    import psycopg2
    from psycopg2.extensions import parse_dsn

    text = text.strip()
    _remember_raw_password(text)
    match = _SCHEME.match(text)
    if "\0" in text:
        raise ConfigurationInvalid(f"{source} holds a NUL character.", EXAMPLE + ".")
    if match:
        if match["scheme"].lower() not in {"postgres", "postgresql"}:
            raise ConfigurationInvalid(f"{source} is a {match['scheme']} URL; litxdb needs PostgreSQL.", EXAMPLE + ".")
        text = f"postgresql:{match['rest']}"
    elif "=" not in text:
        raise ConfigurationInvalid(f"{source} is not a PostgreSQL URL.", EXAMPLE + ".")
    try:
        parameters: dict[str, str] = parse_dsn(text)
    except psycopg2.Error as error:
        unknown = re.search(r'invalid (?:URI query parameter|connection option)[: ]+"(\w{1,40})"', str(error))
        reason = f": libpq knows no option {unknown[1]!r}" if unknown else ""
        raise ConfigurationInvalid(
            f"{source} is not a valid PostgreSQL URL or DSN{reason}.", EXAMPLE + ESCAPES
        ) from None
    remember_secrets(parameters)
    check(parameters, source)
    return parameters


def check(parameters: Mapping[str, str], source: str) -> None:
    """Refuse what libpq would only trip over later, in an error that may quote a part of the password."""
    ports = parameters.get("port", "")
    if any(port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536) for port in ports.split(",")):
        raise ConfigurationInvalid(f"{source} has a port that is not a number from 1 to 65535.", EXAMPLE + ESCAPES)
    for keyword in ("host", "hostaddr"):
        if re.search(r"^[^/@][^/]*[@\s]", parameters.get(keyword, "")):
            raise ConfigurationInvalid(f"{source} has a host name with @ or a blank in it.", EXAMPLE + ESCAPES)
    if not parameters:
        raise ConfigurationInvalid(f"{source} names no host and no database.", EXAMPLE + ".")


def remember_secrets(parameters: Mapping[str, str]) -> None:
    """Have the passwords among these parameters masked from here on."""
    public = frozenset(value for key in ("user", "dbname", "host") if (value := parameters.get(key)))
    for keyword in ("password", "sslpassword", "oauth_client_secret"):
        remember(parameters.get(keyword), public)


def _remember_raw_password(text: str) -> None:
    """Mask what a person most likely meant as the password, even where the URL cannot be parsed."""
    match = re.match(r"^[a-z0-9+]+://[^:/@]*:(?P<secret>.*)@", text, re.IGNORECASE | re.DOTALL)
    if match:
        remember(match["secret"], frozenset({match[0].partition("://")[2].partition(":")[0]}))


def _is_local(host: str) -> bool:
    if host.startswith(("/", "@")) or host.lower() == "localhost":
        return True
    return is_address(host) and ipaddress.ip_address(host.partition("%")[0]).is_loopback


def is_address(host: str) -> bool:
    """Whether the host is an IP address, perhaps with an IPv6 zone, rather than a name."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _without_suffix(host: str) -> str:
    label, dot, rest = host.partition(".")
    return label[: -len(POOLER_SUFFIX)] + dot + rest if label.lower().endswith(POOLER_SUFFIX) else host
