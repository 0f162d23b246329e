"""Embeddings: near one another where the texts are about the same, and as long as OpenAI's.

A vector is put together from pieces, each chosen from a few that its topic and task have: that is exact (integers, one
square root, one division, one rounding to four bytes), so the same on every machine, and costs microseconds.
"""

from __future__ import annotations

import functools
import math
import operator
import struct
from collections.abc import Sequence
from hashlib import shake_128

PIECES = 24
LENGTH = 64
DIMENSIONS = PIECES * LENGTH
VARIANTS = 8
COMMON = (2, 5, 3)
OWN = 4
"""How much of a piece all vectors have in common, those of a topic, those of a task, and none. Two vectors of different
topics thus have a cosine of 2² / (2² + 5² + 3² + 4²) = 0.07, of one topic 0.54, of one task 0.70, and more for the
pieces that they share."""

HEAD = struct.pack("!HH", DIMENSIONS, 0)
"""What pgvector sends before the numbers."""


class Embedding:
    """A vector, as the pieces that it is made of."""

    __slots__ = ("_pieces",)

    def __init__(self, seed: str, topic: int, task: int, choices: Sequence[int]) -> None:
        self._pieces = [
            _piece(seed, topic, task, place, choice % VARIANTS) for place, choice in enumerate(choices[:PIECES])
        ]

    @property
    def binary(self) -> bytes:
        """The vector as COPY (FORMAT binary) wants it."""
        return HEAD + b"".join(self._pieces)

    @property
    def text(self) -> str:
        """The vector as pgvector reads it, each number to its last bit."""
        return f"[{','.join(map(_text, self._pieces))}]"


@functools.cache
def _piece(seed: str, topic: int, task: int, place: int, variant: int) -> bytes:
    own = shake_128(f"{seed}/{place}/{topic}/{task}/{variant}".encode()).digest(LENGTH)
    numbers = [common + OWN * byte for common, byte in zip(_common(seed, topic, task, place), own, strict=True)]
    length = math.sqrt(PIECES * sum(map(operator.mul, numbers, numbers)))
    return struct.pack(f"!{LENGTH}f", *[number / length for number in numbers])


@functools.cache
def _common(seed: str, topic: int, task: int, place: int) -> list[int]:
    """Add up what a piece shares with others, less what makes the mean of all nought."""
    keys = (f"{seed}/{place}", f"{seed}/{place}/{topic}", f"{seed}/{place}/{topic}/{task}")
    everywhere, topical, specific = (shake_128(key.encode()).digest(LENGTH) for key in keys)
    (first, second, third), mean = COMMON, 128 * (sum(COMMON) + OWN)
    return [first * a + second * b + third * c - mean for a, b, c in zip(everywhere, topical, specific, strict=True)]


@functools.cache
def _text(piece: bytes) -> str:
    return ",".join(f"{number:.9g}" for number in struct.unpack(f"!{LENGTH}f", piece))
