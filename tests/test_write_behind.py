"""Writing in a thread: in order, all of it, and no failure unheard."""

from __future__ import annotations

import threading

import pytest

from litxdb.write_behind import WAITING_CHUNKS, WriteBehind


def test_all_chunks_arrive_in_their_order() -> None:
    seen: list[bytes] = []
    with WriteBehind(seen.append, "test") as behind:
        for number in range(10 * WAITING_CHUNKS):
            behind.write(b"%d" % number)
        behind.write(b"")
    assert seen == [b"%d" % number for number in range(10 * WAITING_CHUNKS)]


def test_the_sinks_failure_reaches_the_writer_who_would_else_wait_forever() -> None:
    seen: list[bytes] = []

    def sink(chunk: bytes) -> None:
        if seen:
            raise OSError("the disk is full")
        seen.append(chunk)

    def write() -> None:
        with WriteBehind(sink, "test") as behind:
            while True:
                behind.write(b"chunk")

    with pytest.raises(OSError, match="the disk is full"):
        write()
    assert seen == [b"chunk"]


def test_the_sinks_failure_on_the_last_chunk_is_raised_at_the_end() -> None:
    def sink(chunk: bytes) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"), WriteBehind(sink, "test") as behind:
        behind.write(b"the only one")


def test_what_waits_is_dropped_when_the_writer_fails() -> None:
    seen: list[bytes] = []
    first, go_on = threading.Event(), threading.Event()

    def sink(chunk: bytes) -> None:
        seen.append(chunk)
        first.set()
        assert go_on.wait(10)

    def release(behind: WriteBehind) -> None:
        """Let the sink go on once the block is being left."""
        while not behind._given_up:
            go_on.wait(0.001)
        go_on.set()

    def write() -> None:
        with WriteBehind(sink, "test") as behind:
            for number in range(WAITING_CHUNKS):
                behind.write(b"%d" % number)
            assert first.wait(10)
            threading.Thread(target=release, args=(behind,)).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert seen == [b"0"]
