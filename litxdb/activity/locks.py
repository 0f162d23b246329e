"""Who holds up whom, as a tree: built from those who wait, so that nobody in their way can hide.

A blocker may be idle (with an advisory lock), in no session at all (a prepared transaction), or wait itself. Joining
pg_locks with itself, as many reports do, takes those who queue for those who block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from litxdb.activity.sessions import Prepared, Session

Node = int | str
"""A session by its pid, a prepared transaction by its gid."""


@dataclass(frozen=True)
class Link:
    """A line of the tree: a session, or a prepared transaction, `depth` steps below the one that holds it up.

    `victims` counts all those below it. Who waits for several stands below the one that is furthest down, and
    `also_blocked_by` has the others. `in_cycle` marks the top of a deadlock, where everybody waits.
    """

    depth: int
    victims: int
    session: Session | None
    prepared: Prepared | None
    also_blocked_by: tuple[Node, ...] = ()
    in_cycle: bool = False


def lock_tree(sessions: Sequence[Session], prepared: Sequence[Prepared] = ()) -> list[Link]:
    """Return those who wait and those who are in their way, each once, the tops with most victims first."""
    people: dict[Node, Session | Prepared] = {session.pid: session for session in sessions}
    people |= {each.gid: each for each in prepared}
    waits: dict[Node, tuple[Node, ...]] = {
        session.pid: blockers for session in sessions if (blockers := _blockers(session, people, prepared))
    }
    ranks, cycles = _rank(waits)
    below: dict[Node, list[Node]] = {}
    above: dict[Node, Node] = {}
    for pid, blockers in waits.items():
        if pid not in cycles:
            above[pid] = max(blockers, key=lambda blocker: (ranks[blocker], str(blocker)))
            below.setdefault(above[pid], []).append(pid)

    def draw(node: Node, depth: int) -> Iterator[Link]:
        beneath = [link for each in sorted(below.get(node, ()), key=str) for link in draw(each, depth + 1)]
        others = tuple(sorted(set(waits.get(node, ())) - {above.get(node, node)}, key=str))
        who = people[node]
        session, transaction = (who, None) if isinstance(who, Session) else (None, who)
        yield Link(depth, len(beneath), session, transaction, others, node in cycles)
        yield from beneath

    tops = [node for node in ranks if node not in above]
    trees = sorted(([*draw(top, 0)] for top in tops), key=lambda tree: -len(tree))
    return [link for tree in trees for link in tree]


def _blockers(session: Session, people: Mapping[Node, object], prepared: Sequence[Prepared]) -> tuple[Node, ...]:
    """Return whom a session waits for, prepared transactions by name; who has ended meanwhile is nobody's blocker."""
    found: list[Node] = [pid for pid in session.blocked_by if pid in people]
    if 0 in session.blocked_by:
        found += [each.gid for each in prepared if session.pid in each.victims]
    return tuple(found)


def _rank(waits: Mapping[Node, Sequence[Node]]) -> tuple[dict[Node, int], set[Node]]:
    """Return how far everybody is from a top, by the longest way, and the tops of cycles.

    >>> _rank({2: [1], 3: [1, 2]})
    ({1: 0, 2: 1, 3: 2}, set())
    >>> _rank({1: [2], 2: [1], 3: [2]})
    ({1: 0, 2: 1, 3: 2}, {1})
    """
    ranks: dict[Node, int] = dict.fromkeys(
        sorted({blocker for blockers in waits.values() for blocker in blockers} - waits.keys(), key=str), 0
    )
    left, cycles = dict(waits), set()
    while left:
        free = [node for node, blockers in left.items() if all(blocker in ranks for blocker in blockers)]
        for node in free:
            ranks[node] = 1 + max(ranks[blocker] for blocker in left.pop(node))
        if not free:  # nobody can go on: a deadlock that the server has not seen yet
            top = _in_cycle(left)
            cycles.add(top)
            ranks[top] = 0
            del left[top]
    return ranks, cycles


def _in_cycle(waits: Mapping[Node, Sequence[Node]]) -> Node:
    """Return a member of a cycle, the same each time: from anybody who waits, follow those in the way."""
    node, seen = min(waits, key=str), []
    while node not in seen:
        seen.append(node)
        node = next(blocker for blocker in waits[node] if blocker in waits)
    return min(seen[seen.index(node) :], key=str)
