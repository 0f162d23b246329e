"""The bulk reads of an examination: each once, side by side on at most three connections, under one deadline.

What fails becomes a Skip, and the other reads go on.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litxdb.doctor.circumstances import lost
from litxdb.doctor.deadline import GRACE_SECONDS, Deadline, out_of_time
from litxdb.doctor.examiner import Examiner, Read
from litxdb.errors import LitxdbError

if TYPE_CHECKING:
    from litxdb.database import Database

CONNECTIONS = 3
"""A full server must not be filled further."""

FEW = 6
"""So many reads are done sooner on one connection than others are opened."""


@dataclass(frozen=True)
class Task:
    """A read under its name; one of a user's tables goes `apart`: its locks would stay until the transaction ends."""

    name: str
    read: Read
    apart: bool = False


def read_all(db: Database, first: Examiner, tasks: Sequence[Task], deadline: Deadline) -> dict[str, Any]:
    """Run the reads, in this order, on `first` and on further connections, all of which are closed afterwards.

    Every read has an answer by the deadline, even when the network has died: what hangs is left behind.
    """
    work = _Work(db, first, tasks, deadline)
    try:
        return work.answers()
    finally:
        work.end()


class _Work:
    """The reads of one examination: threads, each with a connection, take the next one until there is none."""

    def __init__(self, db: Database, first: Examiner, tasks: Sequence[Task], deadline: Deadline) -> None:
        self._db, self._tasks, self._deadline = db, tasks, deadline
        self._waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[str, Any] | None] = queue.SimpleQueue()
        self._complete = False
        for task in tasks:
            self._waiting.put(task)
        self._examiners: list[tuple[Examiner, threading.Thread]] = []
        self._threads = [threading.Thread(target=self._run, args=(lambda: first,), daemon=True)]
        if len(tasks) > FEW:
            another = (lambda: Examiner.open(db, deadline),)
            self._threads += [
                threading.Thread(target=self._run, args=another, daemon=True) for _ in range(CONNECTIONS - 1)
            ]

    def answers(self) -> dict[str, Any]:
        """Return the answer of each read by its name."""
        for thread in self._threads:
            thread.start()
        got: dict[str, Any] = {}
        running = len(self._threads)
        with contextlib.suppress(queue.Empty):
            while running and len(got) < len(self._tasks):
                done = self._done.get(timeout=self._deadline.left + GRACE_SECONDS)
                if done is None:
                    running -= 1
                else:
                    got[done[0]] = done[1]
        self._complete = len(got) == len(self._tasks)
        rest = lost("it ended before this was read") if self._deadline.left > 0 else out_of_time(self._deadline)
        return {task.name: got.get(task.name, rest) for task in self._tasks}

    def end(self) -> None:
        """Have the connections closed: in order when all is read, at once when something hangs."""
        for examiner, thread in self._examiners:
            if not self._complete:
                examiner.abandon()
            thread.join(GRACE_SECONDS)

    def _run(self, connect: Callable[[], Examiner]) -> None:
        try:
            with contextlib.suppress(LitxdbError, queue.Empty):  # no further connection is to be had: others do it all
                examiner = connect()
                self._examiners.append((examiner, threading.current_thread()))
                with contextlib.closing(examiner):
                    while not examiner.lost:
                        self._do(examiner, self._waiting.get_nowait())
        finally:
            self._done.put(None)

    def _do(self, examiner: Examiner, task: Task) -> None:
        try:
            answer = examiner(task.read, apart=task.apart)
        except Exception as error:  # a bug in one read is not the end of the others
            answer = error
        self._done.put((task.name, answer))


def failures(names: Sequence[str], answers: Mapping[str, Any]) -> Exception | None:
    """Return the first of these reads' failures."""
    return next((answer for name in names if isinstance(answer := answers.get(name), Exception)), None)
