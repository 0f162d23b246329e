"""How an entry is looked up, and made once by whoever comes first: the steps, for threads and for asyncio alike.

A step is what the driver has to do: ask Redis, pause, or call the loader. The driver sends the answer back, or throws
what went wrong; the last step is what was found.

Whoever makes an entry holds `lock:KEY` meanwhile. Invalidating removes that lock too, so that what was made from the
state before is not kept.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from litxdb.cache.kinds import Kind, lock_key, number, version_key
from litxdb.cache.patience import Unavailable

if TYPE_CHECKING:
    from redis import Redis

KEEP = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[2], ARGV[2], 'ex', ARGV[3])
return redis.call('del', KEYS[1])
"""
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
PAUSES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)


@dataclass(frozen=True)
class Ask:
    """Ask Redis; Unavailable if it does not answer in time. In the `background` nobody waits for the answer."""

    call: Callable[[], Any]
    background: bool = False


@dataclass(frozen=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True)
class Load:
    """Call the loader and send back what it returns, encoded."""


@dataclass(frozen=True)
class Found:
    """An entry's key, and what Redis keeps under it; None if there is nothing that can be read."""

    key: str
    payload: bytes | None
    value: Any = None


Step = Ask | Pause | Load | Found


class Entries:
    """The entries of one environment in one Redis, as calls that block. `versions` remembers what counted last."""

    def __init__(self, client: Redis, environment: str) -> None:
        self.client, self.environment = client, environment
        self.versions: dict[str, int] = {}

    def look(self, kind: Kind, id: str) -> Found:
        """Read an entry of the version that counts: one question, two after the version has changed."""
        while True:
            guess = self.versions.get(kind.name, 1)
            key = kind.key(id, guess, self.environment)
            if not kind.versioned:
                return self._read(kind, key)
            counts, payload = self.client.mget(version_key(kind, self.environment), key)
            self.versions[kind.name] = version = number(counts)
            if version == guess:
                return _found(kind, key, payload)

    def claim(self, kind: Kind, found: Found, token: str, lease_seconds: float) -> tuple[bool, Found]:
        """Try to become the one who makes the entry, and look again: another may just have finished."""
        with self.client.pipeline(transaction=False) as pipe:
            pipe.set(lock_key(found.key), token, nx=True, px=round(lease_seconds * 1000))
            pipe.mget(found.key)
            claimed, (payload,) = pipe.execute()
        return bool(claimed), _found(kind, found.key, payload)

    def keep(self, kind: Kind, found: Found, token: str, payload: bytes) -> bool:
        """Store what was made, if we are still the one who makes it."""
        ttl = kind.ttl_seconds(self.environment)
        return bool(self.client.eval(KEEP, 2, lock_key(found.key), found.key, token, payload, ttl))

    def release(self, found: Found, token: str) -> None:
        """Let others try."""
        self.client.eval(RELEASE, 1, lock_key(found.key), token)

    def put(self, kind: Kind, id: str, payload: bytes) -> None:
        """Store an entry of the version that counts."""
        version = 1
        if kind.versioned:
            version = number(self.client.mget(version_key(kind, self.environment))[0])
        self.client.set(kind.key(id, version, self.environment), payload, ex=kind.ttl_seconds(self.environment))

    def _read(self, kind: Kind, key: str) -> Found:
        (payload,) = self.client.mget(key)  # unlike GET it does not fail for what another program keeps there
        return _found(kind, key, payload)


def loading(entries: Entries, kind: Kind, id: str, lease_seconds: float) -> Generator[Step, Any, None]:
    """Find the entry, in Redis or by the loader; without Redis the loader alone counts."""
    token, until = secrets.token_hex(8), time.monotonic() + lease_seconds
    tried = claimed = False
    pauses, look = iter(PAUSES), partial(entries.look, kind, id)
    found = Found(kind.key(id, 1, entries.environment), None)
    try:
        found = yield Ask(look)
        while found.payload is None:
            tried = True
            claimed, found = yield Ask(partial(entries.claim, kind, found, token, lease_seconds))
            if claimed or found.payload is not None or time.monotonic() > until:
                break
            yield Pause(next(pauses, PAUSES[-1]))
            found = yield Ask(look)
    except Unavailable:
        claimed = False
        if tried:  # the claim may yet arrive
            yield Ask(partial(entries.release, found, token), background=True)
    if found.payload is not None:
        if claimed:
            yield Ask(partial(entries.release, found, token), background=True)
        yield found
        return
    try:
        payload: bytes = yield Load()
    except BaseException:
        if claimed:
            yield Ask(partial(entries.release, found, token), background=True)
        raise
    if claimed:
        with contextlib.suppress(Unavailable):
            yield Ask(partial(entries.keep, kind, found, token, payload))
    yield Found(found.key, payload, kind.decode(payload))


def _found(kind: Kind, key: str, payload: Any) -> Found:
    """Take what cannot be decoded for nothing: another program wrote it, or half of it was lost."""
    try:
        return Found(key, payload, None if payload is None else kind.decode(payload))
    except ValueError:
        return Found(key, None)
