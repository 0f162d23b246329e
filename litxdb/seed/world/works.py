"""The papers that a world knows: who wrote them, when, and what they say."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date

from litxdb.seed.world.draws import Draw
from litxdb.seed.world.recipe import Recipe
from litxdb.seed.world.times import DAY, EPOCH
from litxdb.seed.world.vocabulary import Speaker, Topic, Words, family_names, given_names, say, sentences, topics

MONTHS = 48
"""How many months of literature there are, the last one whole before the world ends."""

PRIME = 20_011
"""About as many papers as arXiv announces in a month; a prime, so that steps of another number meet each place once."""


@dataclass(slots=True)
class Work:
    """A paper: what it is about, who wrote it, and its arXiv id, which says in which month, and how far into it."""

    number: int
    topic: Topic
    words: Words
    title: str
    authors: list[str]
    arxiv: str
    published: int
    abstract: str

    @property
    def authors_json(self) -> str:
        """The authors as papers.authors and citations have them."""
        return "[" + ", ".join(f'"{name}"' for name in self.authors) + "]"

    @property
    def year(self) -> int:
        """When it appeared."""
        return 2000 + int(self.arxiv[:2])

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://arxiv.org/abs/{self.arxiv}"


def make_works(recipe: Recipe) -> list[Work]:
    """Make the papers, oldest first."""
    when = Draw(recipe.seed, "works", "month")
    end = recipe.now.astimezone(UTC)
    last = end.year * 12 + end.month - 2
    count: dict[int, int] = defaultdict(int)
    appeared = []
    for number in range(recipe.sources * 3 // 5):
        bits = when(number)
        month = last - min(bits % MONTHS, (bits >> 32) % MONTHS)
        place = (count[month] * 7919 + month * 31) % PRIME
        count[month] += 1
        start = (date(month // 12, month % 12 + 1, 1) - EPOCH).days
        published = (start + place * 28 // PRIME) * DAY + 61200 + place % 3600
        appeared.append((published, f"{month // 12 % 100:02}{month % 12 + 1:02}.{place + 1:05}"))
    appeared.sort()
    speaker, wrote = Speaker(recipe.seed, "works"), Draw(recipe.seed, "works", "authors")
    titled, told = Draw(recipe.seed, "works", "title"), Draw(recipe.seed, "works", "abstract")
    works = []
    for number, (published, arxiv) in enumerate(appeared):
        topic = topics()[number % recipe.topics]
        words = speaker.words(topic, number)
        bits = told(number)
        abstract = " ".join(
            say(tuple(each), bits >> 8 * place, words) for place, each in enumerate(sentences("paper", "abstract"))
        )
        title = say(sentences("paper", "title"), titled(number), words)
        words["title"] = title
        works.append(Work(number, topic, words, title, _authors(wrote(number)), arxiv, published, abstract))
    return works


def _authors(bits: int) -> list[str]:
    given, family = given_names(), family_names()
    names = []
    for _ in range(1 + bits % 5):
        bits, first = divmod(bits // 5, len(given))
        bits, last = divmod(bits, len(family))
        names.append(f"{given[first]} {family[last]}")
        bits = bits * 0x9E3779B97F4A7C15 + 1 & 0xFFFFFFFFFFFFFFFF
    return list(dict.fromkeys(names))


def authors_in_text(work: Work) -> str:
    """Name a paper's authors as a sentence does.

    >>> authors_in_text(Work(0, topics()[0], {}, "", ["Ada Chen", "Kofi Osei", "Mai Ito"], "2501.00001", 0, ""))
    'Chen et al.'
    """
    last = [name.rpartition(" ")[2] for name in work.authors]
    return last[0] if len(last) == 1 else f"{last[0]} and {last[1]}" if len(last) == 2 else f"{last[0]} et al."


class Catalogue:
    """The papers of each topic, oldest first."""

    def __init__(self, works: list[Work]) -> None:
        self._works: dict[int, list[Work]] = defaultdict(list)
        for work in works:
            self._works[work.topic.number].append(work)
        self._published = {topic: [work.published for work in found] for topic, found in self._works.items()}

    def choose(self, topic: int, before: int, wanted: int, draw: Draw, row: int) -> list[Work]:
        """Choose so many papers of a topic that had appeared by then, or as many as there are; newer ones oftener."""
        known = bisect_left(self._published[topic], before)
        found = self._works[topic]
        places: dict[int, None] = {}
        for attempt in range(2 * wanted):
            if len(places) == wanted or not known:
                break
            places.setdefault(known - 1 - draw.skewed(row * 64 + attempt, known))
        return [found[place] for place in places]
