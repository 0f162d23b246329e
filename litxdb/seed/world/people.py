"""The people of a world: some are there every day, most seldom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from litxdb.seed.world.draws import NULL, Draw, token
from litxdb.seed.world.recipe import FIRST, Recipe
from litxdb.seed.world.times import DAY, at_work, naive, stamp
from litxdb.seed.world.vocabulary import family_names, given_names, plain, topics

LEVELS = (*[1] * 50, *[2] * 30, *[5] * 15, *[12] * 4, 40)
"""How active people are, of a hundred; what they do is in proportion."""

MONTHS_OF_ACTIVITY = 8
TIERS = {1: "free", 2: "free", 5: "plus", 12: "pro", 40: "pro"}


class Person(NamedTuple):
    """A person; `topics` are numbers of fields of research, the favourite first."""

    number: int
    given: str
    family: str
    level: int
    topics: tuple[int, ...]
    joined: int
    tier: str

    @property
    def id(self) -> int:
        """The key in users, and of the profile."""
        return FIRST + self.number


def make_people(recipe: Recipe) -> list[Person]:
    """Make the people, in the order in which they joined."""
    joined, level, tier = (Draw(recipe.seed, "users", name) for name in ("joined", "level", "tier"))
    given, family, interests = (Draw(recipe.seed, "users", name) for name in ("given", "family", "interests"))
    last = recipe.end // DAY - 3
    times = []
    for number in range(recipe.users):
        bits = joined(number)
        back = min(bits % 540, (bits >> 20) % 540)
        times.append(at_work(last - back, bits >> 24))
    times.sort()
    people = []
    for number, time in enumerate(times):
        active = LEVELS[level(number) % 100]
        liked = interests(number)
        wanted = [(liked >> 16 * place) % recipe.topics for place in range(1 + liked % 3)]
        people.append(
            Person(
                number,
                given_names()[given(number) % len(given_names())],
                family_names()[family(number) % len(family_names())],
                active,
                tuple(dict.fromkeys(wanted)),
                time,
                "team" if tier(number) % 20 == 0 else TIERS[active],
            )
        )
    return people


class Lives:
    """When a person does something: since they joined, but within the months that the world tells of."""

    def __init__(self, recipe: Recipe) -> None:
        self._begin = recipe.end // DAY - MONTHS_OF_ACTIVITY * 30
        self._end = recipe.end // DAY - 1

    def moment(self, person: Person, number: int) -> int:
        """Choose a moment by a number; at least a day before the world ends."""
        first = max(self._begin, person.joined // DAY)
        time = at_work(first + number % (self._end - first), number >> 16)
        return time if time > person.joined + 300 else person.joined + 300 + (number >> 16) % 1500


def user_rows(recipe: Recipe, people: list[Person]) -> Iterator[tuple[str, ...]]:
    """Write the rows of users."""
    clerk, customer, seen = (Draw(recipe.seed, "users", name) for name in ("clerk_id", "stripe", "updated_at"))
    for person in people:
        bits, paying = seen(person.number), person.tier != "free"
        updated = person.joined + bits % max(1, recipe.end - DAY - person.joined)
        yield (
            str(person.id),
            f"user_{token(clerk(person.number) << 93 | clerk(~person.number) << 29 | person.number, 27)}",
            f"{plain(person.given)}.{plain(person.family)}{person.number + 1}@example.org",
            person.given,
            person.family,
            "f" if bits % 40 == 0 else "t",
            naive(person.joined),
            naive(updated),
            person.tier,
            ("past_due" if bits % 15 == 0 else "active") if paying else NULL,
            f"cus_{token(customer(person.number), 14)}" if paying else NULL,
        )


def profile_rows(recipe: Recipe, people: list[Person]) -> Iterator[tuple[str, ...]]:
    """Write the rows of user_profiles."""
    chosen = Draw(recipe.seed, "user_profiles", "preferences")
    for person in people:
        bits = chosen(person.number)
        names = ", ".join(f'"{topics()[topic].name}"' for topic in person.topics)
        frequency = "daily" if is_daily(person) else "weekly"
        preferences = f'{{"topics": [{names}], "digest": "{frequency}", "digest_hour": {6 + bits % 5}}}'
        joined = stamp(person.joined + 40)
        name = f"{person.given} {person.family}" if bits % 7 else person.given
        yield str(person.id), str(person.id), name, preferences, joined, joined


def is_daily(person: Person) -> bool:
    """Whether somebody wants a digest every day; the others get one a week."""
    return person.level >= 5
