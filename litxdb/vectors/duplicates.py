"""Near-duplicates among the sources: who is similar to whom, and what hangs together by that."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from litxdb import queries
from litxdb.database import Database
from litxdb.errors import ArgumentInvalid
from litxdb.vectors.results import Cluster, Member

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

PAGE = 250
"""Sources of one statement: a second or so, and the transaction keeps no old rows from being cleared away."""
NEAREST = 20
"""Neighbours looked at for each source; a larger cluster is found by what its members have in common."""
SEARCHED = 100
"""hnsw.ef_search: recall 0.93 of near-duplicates among 50,000, and each of two has the chance to find the other."""
FETCHED = 1000


def find_duplicates(
    db: Database,
    *,
    threshold: float = 0.85,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Cluster]:
    """Yield the clusters of sources whose embeddings are similar (cosine, `threshold` or more), the largest first.

    Each source is searched for by the HNSW index, a page at a time, each page in a transaction of its own that only
    reads; what is kept meanwhile are the ids of those that have a near neighbour. Two sources of a cluster need not be
    similar themselves: others lie between. `jobs` connections search at once. Raises ArgumentInvalid.
    """
    if not 0 < threshold <= 1 or not 1 <= jobs <= 64:
        raise ArgumentInvalid("That cannot be searched for.", "A threshold up to 1, and 1 to 64 jobs.")
    clusters = Clusters()
    with _connections(db) as connection:
        pages = list(_pages(connection()))
        total = sum(count for _, _, count in pages)
        done = 0
        with ThreadPoolExecutor(jobs) as threads:
            searching = deque(threads.submit(_search, connection, threshold, first, last) for first, last, _ in pages)
            try:
                for _, _, count in pages:
                    for one, other, similarity in searching.popleft().result():  # which nobody keeps then
                        clusters.join(one, other, similarity)
                    done += count
                    progress(done, total)
            finally:
                threads.shutdown(cancel_futures=True)
        yield from _described(connection(), clusters)


class Clusters:
    """Sets of ids that hang together (union-find), and the best similarity that each id has to another one."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}
        self.similarity: dict[int, float] = {}

    def join(self, one: int, other: int, similarity: float) -> None:
        """Put both, and whatever hangs together with either, into one set.

        >>> clusters = Clusters()
        >>> for pair in ((1, 2), (3, 4), (2, 4), (8, 9)):
        ...     clusters.join(*pair, 0.9)
        >>> clusters.sets()
        [[1, 2, 3, 4], [8, 9]]
        """
        for each in (one, other):
            self.similarity[each] = max(similarity, self.similarity.get(each, similarity))
        root, leaf = sorted((self._root(one), self._root(other)))
        self._parent[leaf] = root

    def sets(self) -> list[list[int]]:
        """Return the sets, the largest first."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for each in sorted(self._parent):
            found[self._root(each)].append(each)
        return sorted(found.values(), key=lambda ids: (-len(ids), ids))

    def _root(self, each: int) -> int:
        root = each
        while (above := self._parent.setdefault(root, root)) != root:
            root = above
        while (above := self._parent[each]) != root:  # what was walked leads straight there the next time
            self._parent[each] = root
            each = above
        return root


@contextlib.contextmanager
def _connections(db: Database) -> Iterator[Callable[[], Connection]]:
    """Give each thread a connection of its own, and close them all at the end."""
    own, opened = threading.local(), []

    def connection() -> Connection:
        if not hasattr(own, "connection"):
            own.connection = db.connect()
            own.connection.set_session(readonly=True)
            opened.append(own.connection)
        return own.connection  # type: ignore[no-any-return]  # what a thread keeps has no type

    try:
        yield connection
    finally:
        for each in opened:
            each.close()


def _pages(connection: Connection) -> Iterator[tuple[int, int, int]]:
    first = -(2**63)
    with connection:
        for row in _ask(connection, "pages", size=PAGE):
            yield first, row.last, row.rows
            first = row.last


def _search(
    connection: Callable[[], Connection], threshold: float, first: int, last: int
) -> list[tuple[int, int, float]]:
    own = connection()
    with own, own.cursor() as cursor:
        # The planner does not know what reading embeddings costs, and would compare each with each.
        cursor.execute(f"set local hnsw.ef_search = {SEARCHED}; set local enable_sort = off; set local jit = off")
        found = _ask(own, "neighbours", first=first, last=last, nearest=NEAREST, distance=1 - threshold)
        return [(row.id, row.neighbour, row.similarity) for row in found]


def _described(connection: Connection, clusters: Clusters) -> Iterator[Cluster]:
    number = 0
    for batch in _batches(clusters.sets()):
        wanted = [each for ids in batch for each in ids]
        with connection:
            known = {row.id: row for row in _ask(connection, "members", ids=wanted)}
        for ids in batch:
            members = [
                Member(similarity=clusters.similarity[each], **known[each]._asdict()) for each in ids if each in known
            ]
            if len(members) > 1:  # others may be gone meanwhile
                number += 1
                yield Cluster(number, tuple(sorted(members, key=lambda member: (member.fetched_at, member.id))))


def _batches(sets: Iterable[list[int]]) -> Iterator[list[list[int]]]:
    batch: list[list[int]] = []
    for ids in sets:
        batch.append(ids)
        if sum(map(len, batch)) >= FETCHED:
            yield batch
            batch = []
    if batch:
        yield batch


def _ask(connection: Connection, name: str, **parameters: Any) -> list[Any]:
    query = queries.load("vectors", name, connection.info.server_version, {"vector": "0.5"})
    return query.read(connection, **parameters)
