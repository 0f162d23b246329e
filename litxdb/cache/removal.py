"""Removing entries: found by SCAN, taken out by UNLINK, which frees memory in the background; never by KEYS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from litxdb.cache.endpoint import CacheEndpoint
from litxdb.cache.kinds import KINDS, OF_PAPERS, Name, kind_named, literal, lock_key, number, parse, version_key
from litxdb.cache.results import Removal
from litxdb.cache.survey import BATCH, batches, text
from litxdb.errors import ArgumentInvalid

if TYPE_CHECKING:
    from redis import Redis

Wanted = Callable[[Name], bool]

BUMP = """
local now = tonumber(redis.call('get', KEYS[1]) or '1') or 1
local new = math.max(now, tonumber(ARGV[1])) + 1
redis.call('set', KEYS[1], string.format('%d', new))
return new
"""
"""The next version, above all that have entries: one that comes back after its key was lost must not revive any."""


def invalidate_paper(endpoint: CacheEndpoint, paper: str, *, dry_run: bool = False) -> Removal:
    """Remove what is known of a paper in this environment, and keep out what is being made of it right now."""
    _require(paper, "A paper's id")

    def wanted(name: Name) -> bool:
        return name.id == paper and name.kind in OF_PAPERS

    return remove(endpoint, f"*:{literal(paper)}*", wanted, dry_run=dry_run)


def invalidate_pattern(endpoint: CacheEndpoint, pattern: str, *, dry_run: bool = False) -> Removal:
    """Remove the entries whose key matches a pattern of Redis' (`search:*`); other programs' keys stay."""
    _require(pattern, "A pattern")
    return remove(endpoint, pattern, lambda name: True, dry_run=dry_run)


def purge(
    endpoint: CacheEndpoint, kinds: Collection[str], *, old_versions: bool = False, dry_run: bool = False
) -> Removal:
    """Remove all entries of these kinds, or only those of versions that count no more."""
    with endpoint.connected() as client:
        counts = {kind: _version(client, endpoint, kind) for kind in kinds}

    def wanted(name: Name) -> bool:
        old = name.version is not None and name.version < counts.get(name.kind, 0)
        return name.kind in counts and (old or not old_versions)

    return remove(endpoint, "*", wanted, dry_run=dry_run)


def bump(endpoint: CacheEndpoint, kind: str, *, dry_run: bool = False) -> Removal:
    """Let the next version of a kind count, for all processes at once, and remove what is older."""
    known = kind_named(kind)
    if not known.versioned:
        names = ", ".join(each.name for each in KINDS.values() if each.versioned)
        raise ArgumentInvalid(f"Entries of {known.name} have no version.", f"These have: {names}.")
    found = [name for _, name in find(endpoint, f"{known.name}:*", lambda name: name.kind == known.name)]
    highest = max((name.version or 1 for name in found), default=1)
    with endpoint.connected() as client:
        if dry_run:
            version = max(highest, _version(client, endpoint, known.name)) + 1
        else:
            version = int(client.eval(BUMP, 1, version_key(known, endpoint.environment), highest))

    def wanted(name: Name) -> bool:
        return name.kind == known.name and (name.version or 0) < version

    done = remove(endpoint, f"{known.name}:*", wanted, dry_run=dry_run)
    return Removal(done.removed, dry_run, version)


def remove(endpoint: CacheEndpoint, pattern: str, wanted: Wanted, *, dry_run: bool = False) -> Removal:
    """Remove the entries that match the pattern and are wanted; of versioned kinds this environment's alone."""
    removed: Counter[str] = Counter()
    if dry_run:
        removed.update(name.kind for _, name in find(endpoint, pattern, wanted))
        return Removal(dict(removed), dry_run=True)
    with endpoint.connected() as client:
        _unlink_locks(client, endpoint, pattern, wanted)
        for keys in batches(key for key, name in _matching(client, endpoint, pattern, wanted)):
            with client.pipeline(transaction=False) as pipe:
                for key in keys:
                    pipe.unlink(key)
                gone = pipe.execute()
            for key, count in zip(keys, gone, strict=True):
                name = parse(text(key))
                if count and name:
                    removed[name.kind] += 1
    return Removal(dict(removed))


def find(endpoint: CacheEndpoint, pattern: str, wanted: Wanted) -> list[tuple[str, Name]]:
    """Return the entries that `remove` would remove."""
    with endpoint.connected() as client:
        return [(text(key), name) for key, name in _matching(client, endpoint, pattern, wanted)]


def _matching(client: Redis, endpoint: CacheEndpoint, pattern: str, wanted: Wanted) -> Iterator[tuple[bytes, Name]]:
    for key in client.scan_iter(match=pattern, count=BATCH):
        name = parse(text(key))
        if name and name.environment in (None, endpoint.environment) and wanted(name):
            yield key, name


def _unlink_locks(client: Redis, endpoint: CacheEndpoint, pattern: str, wanted: Wanted) -> None:
    """Take the locks of entries that are being made: what was made from the state before is then not kept."""
    for key in client.scan_iter(match=lock_key(pattern), count=BATCH):
        name = parse(text(key).removeprefix(lock_key("")))
        if name and name.environment in (None, endpoint.environment) and wanted(name):
            client.unlink(key)


def _version(client: Redis, endpoint: CacheEndpoint, kind: str) -> int:
    return number(client.mget(version_key(kind_named(kind), endpoint.environment))[0])


def _require(word: str, what: str) -> None:
    if not word:
        raise ArgumentInvalid(f"{what} is empty, which would be everything.", "litxdb cache purge removes everything.")
