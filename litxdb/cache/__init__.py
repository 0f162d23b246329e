"""LitXplore's cache in Redis: what the services read and write, and what an operator sees and removes."""

from litxdb.cache.asynchronous import AsyncCache
from litxdb.cache.endpoint import CacheEndpoint
from litxdb.cache.kinds import KINDS, Kind, Name, names, parse
from litxdb.cache.removal import bump, find, invalidate_paper, invalidate_pattern, purge, remove
from litxdb.cache.results import CacheStatus, Entry, KindUsage, Removal
from litxdb.cache.survey import entries, status
from litxdb.cache.synchronous import Cache

__all__ = [
    "KINDS",
    "AsyncCache",
    "Cache",
    "CacheEndpoint",
    "CacheStatus",
    "Entry",
    "Kind",
    "KindUsage",
    "Name",
    "Removal",
    "bump",
    "entries",
    "find",
    "invalidate_paper",
    "invalidate_pattern",
    "names",
    "parse",
    "purge",
    "remove",
    "status",
]
