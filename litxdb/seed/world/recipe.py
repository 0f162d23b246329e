"""What decides a world: how many people, which seed, and when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from math import isqrt

from litxdb.errors import ArgumentInvalid
from litxdb.seed.world.times import seconds

SIZES = {"tiny": 20, "dev": 300, "load": 5000}
"""People by the size's name: about 3,000 rows, 50,000 rows, and a million."""

MOST_USERS = 100_000
FIRST = 1_000_001
"""The first number of seeded rows: far from those that people's own rows get before, and small enough for the integer
keys of the oldest tables."""

VERSION = 1
"""Of what is generated: it grows when the same recipe makes other rows than before."""


@dataclass(frozen=True)
class Recipe:
    """The same recipe makes the same rows, on every machine and in every year."""

    users: int
    seed: str = "1"
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __post_init__(self) -> None:
        if not 1 <= self.users <= MOST_USERS:
            raise ArgumentInvalid(f"A world of {self.users} people cannot be made.", f"Ask for 1 to {MOST_USERS:,}.")
        if not self.seed.isprintable():
            raise ArgumentInvalid("The seed of a world is plain text.", "Give --seed letters and digits.")
        if not 1995 <= self.now.year <= 2100:
            raise ArgumentInvalid(f"A world cannot end in {self.now.year}.", "Give --now a year from 1995 to 2100.")

    @cached_property
    def end(self) -> int:
        """When the world ends, in seconds since 1970."""
        return seconds(self.now)

    @property
    def topics(self) -> int:
        """How many fields of research there are."""
        return min(24, 4 + self.users // 4)

    @property
    def sources(self) -> int:
        """How many sources the fetchers found: more for more people, but not in proportion.

        >>> [Recipe(users).sources for users in SIZES.values()]
        [300, 2190, 17790]
        """
        return 60 + 30 * isqrt(self.users * isqrt(self.users))
