"""What is in the cache: SCAN through all keys, and ask each for its memory and its time to live, many at once."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litxdb.cache.endpoint import CacheEndpoint
from litxdb.cache.kinds import KINDS, is_ours, number, parse, version_key
from litxdb.cache.results import CacheStatus, Entry, KindUsage

if TYPE_CHECKING:
    from redis import Redis

BATCH = 500
"""Keys in one round trip: Redis answers others between two of them."""
OTHERS = "others"


@dataclass
class Tally:
    """Counts one kind's keys."""

    keys: int = 0
    bytes: int | None = 0
    without_ttl: int = 0
    old_versions: int = 0

    def add(self, entry: Entry) -> None:
        """Count one; a memory that is not told leaves the sum unknown."""
        self.keys += 1
        self.bytes = None if self.bytes is None or entry.bytes is None else self.bytes + entry.bytes
        self.without_ttl += entry.ttl_seconds is None
        self.old_versions += entry.old

    def usage(self, kind: str, version: int | None) -> KindUsage:
        """Return what was counted."""
        return KindUsage(kind, version, self.keys, self.bytes, self.without_ttl, self.old_versions)


def status(endpoint: CacheEndpoint, seconds: float | None = None) -> CacheStatus:
    """Look through the cache, for so many `seconds` at most; reads only, without KEYS."""
    with endpoint.connected() as client:
        info = _info(client)
        until = None if seconds is None else time.monotonic() + seconds
        tallies, complete = {kind: Tally() for kind in (*KINDS, OTHERS)}, True
        for entry in _entries(client, endpoint.environment):
            tallies[entry.kind].add(entry)
            if until is not None and time.monotonic() > until:
                complete = False
                break
        versions = _versions(client, endpoint.environment)
    hits, misses = _whole(info.get("keyspace_hits")), _whole(info.get("keyspace_misses"))
    asked = None if hits is None or misses is None else hits + misses
    return CacheStatus(
        endpoint=str(endpoint),
        environment=endpoint.environment,
        server=_server(info),
        uptime_seconds=_whole(info.get("uptime_in_seconds")),
        used_memory=_whole(info.get("used_memory")),
        maxmemory=_whole(info.get("maxmemory")),
        policy=info.get("maxmemory_policy"),
        evicted_keys=_whole(info.get("evicted_keys")),
        hits=hits,
        misses=misses,
        hit_percent=100 * hits / asked if hits is not None and asked else None,
        complete=complete,
        rows=tuple(tally.usage(kind, versions.get(kind)) for kind, tally in tallies.items()),
    )


def entries(endpoint: CacheEndpoint, wanted: Callable[[Entry], bool], limit: int | None = None) -> list[Entry]:
    """Return the entries of LitXplore's that are wanted, the largest first."""
    with endpoint.connected() as client:
        found = [each for each in _entries(client, endpoint.environment) if each.kind != OTHERS and wanted(each)]
    found.sort(key=lambda entry: (-(entry.bytes or 0), entry.key))
    return found[:limit] if limit else found


def _entries(client: Redis, environment: str) -> Iterator[Entry]:
    versions = _versions(client, environment)
    for keys in batches(client.scan_iter(count=BATCH)):
        with client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.memory_usage(key)
                pipe.pttl(key)
            answers = pipe.execute(raise_on_error=False)
        for key, memory, ttl in zip(keys, answers[::2], answers[1::2], strict=True):
            if ttl != -2 and not is_ours(text(key)):  # -2: it has expired meanwhile
                yield _entry(text(key), memory, ttl, versions, environment)


def _entry(key: str, memory: Any, ttl: Any, versions: Mapping[str, int], environment: str) -> Entry:
    name = parse(key)
    here = name is not None and name.environment == environment
    return Entry(
        key=key,
        kind=name.kind if name else OTHERS,
        version=name.version if name else None,
        environment=name.environment if name else None,
        bytes=memory if isinstance(memory, int) else None,  # an error where an ACL or a provider has no MEMORY
        ttl_seconds=ttl / 1000 if isinstance(ttl, int) and ttl >= 0 else None,
        old=here and name is not None and name.version is not None and name.version < versions[name.kind],
    )


def batches(keys: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Take keys so many at a time."""
    while batch := list(itertools.islice(keys, BATCH)):
        yield batch


def text(key: bytes) -> str:
    """Write a key, which may be any bytes, so that it can be shown."""
    return key.decode("utf-8", errors="backslashreplace")


def _versions(client: Redis, environment: str) -> dict[str, int]:
    versioned = [kind for kind in KINDS.values() if kind.versioned]
    answers = client.mget([version_key(kind, environment) for kind in versioned])
    return {kind.name: number(answer) for kind, answer in zip(versioned, answers, strict=True)}


def _info(client: Redis) -> dict[str, Any]:
    """Return what INFO says; nothing where an ACL or a provider forbids it."""
    from redis.exceptions import ResponseError

    try:
        return dict(client.info())
    except ResponseError:
        return {}


def _server(info: Mapping[str, Any]) -> str | None:
    """Name the server: Valkey gives Redis' version beside its own."""
    if info.get("valkey_version"):
        return f"Valkey {info['valkey_version']}"
    return f"Redis {info['redis_version']}" if info.get("redis_version") else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None
