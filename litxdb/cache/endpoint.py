"""Where the cache is: REDIS_URL, without its password wherever it is shown, and what a failure means."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from litxdb.errors import ConfigurationInvalid, ConnectionFailed, ServerRefused, ToolMissing
from litxdb.redaction import redact, remember
from litxdb.settings import Settings

if TYPE_CHECKING:
    from redis import Redis

SCHEMES = ("redis", "rediss", "unix")
PATIENCE_SECONDS = 5.0
"""For one answer to a person; a reader's patience is litxdb.cache.patience."""


@dataclass(frozen=True)
class CacheEndpoint:
    """A Redis server and database; str() has no password, and no user."""

    url: str = field(repr=False)
    shown: str
    host: str | None
    encrypted: bool
    environment: str
    authorities: str | None = None

    def __str__(self) -> str:
        return self.shown

    @classmethod
    def locate(cls, settings: Settings) -> CacheEndpoint:
        """Read REDIS_URL; raises ConfigurationInvalid where it is missing or wrong."""
        url = settings.redis_url
        hint = "Set it to redis://host:6379/0, or rediss:// for TLS; special characters of a password percent-encoded."
        if url is None:
            raise ConfigurationInvalid("REDIS_URL is not set, so that there is no cache to look at.", hint)
        try:
            parts = urlsplit(url.strip())
            if parts.password:
                remember(parts.password)
                remember(unquote(parts.password))
            port, path, socket = parts.port, parts.path.strip("/"), parts.scheme == "unix"
            # redis-py takes a database that is no number for the first one
            valid = parts.scheme in SCHEMES and bool(
                path if socket else path.isdecimal() or (parts.hostname and not path)
            )
        except ValueError:
            valid = False
        if not valid:
            raise ConfigurationInvalid("REDIS_URL is no URL of a Redis server.", hint)
        where = parts.path if socket else f"{_bracketed(parts.hostname or 'localhost')}:{port or 6379}{parts.path}"
        authorities = str(settings.certificates) if settings.certificates else None
        return cls(
            url=url.strip(),
            shown=f"{parts.scheme}://{where}",
            host=parts.hostname if parts.scheme != "unix" else None,
            encrypted=parts.scheme == "rediss",
            environment=settings.environment,
            authorities=authorities,
        )

    @property
    def is_local(self) -> bool:
        """Whether the connection stays on this machine."""
        if self.host is None or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def client(self, timeout_seconds: float, connections: int = 2) -> Redis:
        """Return a client that tries once; nothing is opened yet. Raises ToolMissing without the extra."""
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise ToolMissing("The package redis is not installed.", "pip install 'litxdb[cache]'") from None
        options: dict[str, Any] = {"ssl_ca_certs": self.authorities} if self.encrypted and self.authorities else {}
        try:
            return redis.Redis.from_url(
                self.url,
                socket_timeout=timeout_seconds,
                socket_connect_timeout=timeout_seconds,
                max_connections=connections,
                retry=Retry(NoBackoff(), 0),
                **options,
            )
        except ValueError as error:
            raise ConfigurationInvalid(f"REDIS_URL is wrong: {redact(str(error))}.") from None

    @contextlib.contextmanager
    def connected(self) -> Iterator[Redis]:
        """Lend a client and close it; what goes wrong is ConnectionFailed, or ServerRefused where Redis answered."""
        client = self.client(PATIENCE_SECONDS)
        try:
            with self._explaining():
                yield client
        finally:
            client.close()

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        from redis import exceptions

        try:
            yield
        except (exceptions.AuthenticationError, exceptions.AuthorizationError) as error:
            raise self._shut(error) from None
        except (exceptions.NoPermissionError, exceptions.ResponseError) as error:
            text = redact(str(error))
            if text.startswith(("NOAUTH", "WRONGPASS")):
                raise self._shut(error) from None
            raise ServerRefused(f"{self} refused: {text}") from None
        except (exceptions.RedisError, OSError, ValueError) as error:
            reason = redact(str(error)).partition("\n")[0] or type(error).__name__
            raise ConnectionFailed(
                f"The cache {self} does not answer as Redis does: {reason}", "Is REDIS_URL right, and the server up?"
            ) from None

    def _shut(self, error: Exception) -> ConnectionFailed:
        asked = urlsplit(self.url).password is not None or "password=" in self.url
        reason = redact(str(error)).rstrip(".") if asked else "it wants a password"
        hint = "Put the user and the password into REDIS_URL: redis://user:password@host:6379/0"
        return ConnectionFailed(f"{self} does not let us in: {reason}.", hint)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
