"""What is known of the cache, and what was removed from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One key of the cache. `bytes` is its memory, None where Redis does not tell; no `ttl_seconds` is for ever."""

    key: str
    kind: str
    version: int | None
    environment: str | None
    bytes: int | None
    ttl_seconds: float | None
    old: bool


@dataclass(frozen=True)
class KindUsage:
    """One kind's keys: how many, their memory, how many never expire, how many are of a version that counts no more.

    `version` is the one that counts in this environment. The kind "others" is what is not LitXplore's.
    """

    kind: str
    version: int | None
    keys: int
    bytes: int | None
    without_ttl: int
    old_versions: int


@dataclass(frozen=True)
class CacheStatus:
    """A Redis server and the cache in it; what an ACL or a provider hides is None. Memory in bytes.

    `hit_percent` and the counts of hits and misses are the server's, all its clients' and databases' included, since it
    started. `complete` is false where looking through the keys was cut short.
    """

    endpoint: str
    environment: str
    server: str | None
    uptime_seconds: int | None
    used_memory: int | None
    maxmemory: int | None
    policy: str | None
    evicted_keys: int | None
    hits: int | None
    misses: int | None
    hit_percent: float | None
    complete: bool
    rows: tuple[KindUsage, ...]

    @property
    def without_ttl(self) -> int:
        """Entries of LitXplore's that never expire."""
        return sum(row.without_ttl for row in self.rows if row.kind != "others")

    @property
    def old_versions(self) -> int:
        """Entries that nobody reads any more."""
        return sum(row.old_versions for row in self.rows)


@dataclass(frozen=True)
class Removal:
    """Entries that were removed, or with a dry run would be, by kind; `version` is the one that counts from now on."""

    removed: dict[str, int]
    dry_run: bool = False
    version: int | None = None

    @property
    def keys(self) -> int:
        """How many in all."""
        return sum(self.removed.values())
