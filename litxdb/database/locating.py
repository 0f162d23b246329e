"""Which database a run is about: --url, DATABASE_URL, .env, libpq's variables, else the embedded PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from litxdb.database.endpoint import Endpoint, parse
from litxdb.database.libpq import complete
from litxdb.errors import ConfigurationInvalid
from litxdb.settings import Settings


def locate(settings: Settings, *, create_local: bool, notify: Callable[[str], None]) -> Endpoint:
    """Return the endpoint that the settings name, else the embedded server's, started if need be.

    The embedded server is created only with `create_local`: a cron job that lost its environment must fail, not work
    on an empty toy. Raises ConfigurationInvalid when there is none.
    """
    if settings.url is not None:
        named = parse(settings.url, settings.source)
        endpoint = Endpoint(complete(named, settings.libpq, settings.source), settings.source)
        return _revived(endpoint, named, settings, notify)
    if settings.direct_url is not None:
        raise ConfigurationInvalid("DIRECT_DATABASE_URL is set, DATABASE_URL is not.", "Set DATABASE_URL as well.")
    if settings.names_a_place:
        return Endpoint(complete({}, settings.libpq, settings.source), settings.source)
    if settings.production:
        raise ConfigurationInvalid("This is production, and no database is configured.", "Set DATABASE_URL.")
    from litxdb import local  # here: whoever names a database need not wait for it

    if not create_local and not local.exists(settings):
        raise ConfigurationInvalid(
            "No database is configured, and there is no local one.",
            "Set DATABASE_URL or give --url; for a local database run: litxdb up",
        )
    cluster = local.ensure(settings, notify)
    return Endpoint(cluster.parameters(local.DATABASE), "the embedded server", embedded=True)


def _revived(
    endpoint: Endpoint, named: Mapping[str, str], settings: Settings, notify: Callable[[str], None]
) -> Endpoint:
    """Recognise the embedded server behind its URL, as `litxdb local url` prints it, and start it if it is stopped.

    What the URL itself names stays, the role above all: whoever tries a lesser one must not be a superuser.
    """
    if not (endpoint.hosts and endpoint.hosts[0].startswith("/") and settings.home.is_dir()):
        return endpoint
    from litxdb import local

    if not local.exists(settings):
        return endpoint
    if local.local_server(settings).parameters()["host"] != endpoint.hosts[0]:
        return endpoint
    cluster = local.ensure(settings, notify)
    parameters = cluster.parameters(endpoint.dbname or local.DATABASE)
    parameters = {**named, **parameters, "user": named.get("user", parameters["user"])}
    return Endpoint(parameters, endpoint.source, embedded=True)


def direct(endpoint: Endpoint, settings: Settings) -> Endpoint:
    """Return the endpoint for what needs a session: DIRECT_DATABASE_URL, or Neon's host without `-pooler`.

    Raises ConfigurationInvalid when DIRECT_DATABASE_URL names another database than DATABASE_URL.
    """
    if settings.direct_url is None:
        return endpoint.without_neon_pooler()
    source = "DIRECT_DATABASE_URL"
    straight = Endpoint(complete(parse(settings.direct_url, source), settings.libpq, source), source)
    if straight.dbname != endpoint.dbname:
        raise ConfigurationInvalid(
            f"{source} names the database {straight.dbname}, DATABASE_URL the database {endpoint.dbname}.",
            "Make both name the same database.",
        )
    return straight
