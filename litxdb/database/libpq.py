"""libpq's other sources of parameters, its environment variables and service file, read as libpq reads them.

They are resolved here, not left to libpq, so that the rules for TLS, poolers and passwords see the real host.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from litxdb.database.endpoint import check, remember_secrets
from litxdb.errors import ConfigurationInvalid

KEYWORDS = {
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
    "PGPASSWORD": "password",
    "PGPASSFILE": "passfile",
    "PGSERVICE": "service",
    "PGREQUIREAUTH": "require_auth",
    "PGCHANNELBINDING": "channel_binding",
    "PGOPTIONS": "options",
    "PGSSLMODE": "sslmode",
    "PGSSLNEGOTIATION": "sslnegotiation",
    "PGSSLCERT": "sslcert",
    "PGSSLKEY": "sslkey",
    "PGSSLROOTCERT": "sslrootcert",
    "PGSSLCRL": "sslcrl",
    "PGSSLMINPROTOCOLVERSION": "ssl_min_protocol_version",
    "PGGSSENCMODE": "gssencmode",
    "PGKRBSRVNAME": "krbsrvname",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
    "PGLOADBALANCEHOSTS": "load_balance_hosts",
}
"""https://www.postgresql.org/docs/current/libpq-envars.html, less those that litxdb sets itself."""


def complete(parameters: Mapping[str, str], variables: Mapping[str, str], source: str) -> dict[str, str]:
    """Fill in what the URL leaves open: from the service file, then from libpq's variables.

    The order is libpq's own (https://www.postgresql.org/docs/current/libpq-pgservice.html). Raises
    ConfigurationInvalid when the service or its file is missing.
    """
    environment = {keyword: variables[name] for name, keyword in KEYWORDS.items() if variables.get(name)}
    service = parameters.get("service") or environment.pop("service", None)
    served = _service(service, variables) if service else {}
    merged = {**environment, **served, **parameters}
    merged.pop("service", None)
    remember_secrets(merged)
    check(merged, source)
    return merged


def _service(name: str, variables: Mapping[str, str]) -> dict[str, str]:
    import configparser

    named = variables.get("PGSERVICEFILE")
    directory = variables.get("PGSYSCONFDIR")
    candidates = [Path(named)] if named else [Path.home() / ".pg_service.conf"]
    candidates += [Path(directory) / "pg_service.conf"] if directory else []
    candidates += [Path("/etc/postgresql-common/pg_service.conf"), Path("/etc/pg_service.conf")]
    for path in candidates:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=False)
        try:
            parser.read_string(text, source=str(path))
        except configparser.Error as error:
            hint = "Its lines are [service] headings and key=value pairs."
            raise ConfigurationInvalid(f"The service file {path} cannot be read.", hint) from error
        if parser.has_section(name):
            return dict(parser.items(name))
    where = ", ".join(str(path) for path in candidates)
    raise ConfigurationInvalid(f'The service "{name}" is in none of {where}.', "Set PGSERVICEFILE, or mend the name.")
