"""The sources that a world's fetchers found: papers, data sets, models and pages, each with its embedding."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from litxdb.seed.world.draws import NULL, Draw
from litxdb.seed.world.embeddings import PIECES, Embedding
from litxdb.seed.world.recipe import FIRST, Recipe
from litxdb.seed.world.times import DAY, stamp
from litxdb.seed.world.vocabulary import Speaker, Topic, Words, say, sentences
from litxdb.seed.world.works import Work

KINDS = (*["repeats"] * 2, *["web"] * 3, *["kaggle"] * 3, *["huggingface"] * 2)
"""What is found beside the papers, of ten; a page that repeats a paper is its near-duplicate (cosine over 0.85)."""

HOSTS = ("notes.example.net", "lab.example.org", "blog.example.com", "reading.example.net", "news.example.org")
PLACES = {"kaggle": "www.kaggle.com/datasets/litxplore-seed", "huggingface": "huggingface.co/litxplore-seed"}
FETCHING = 240 * DAY
"""The fetchers began so long before the world ends; older papers were found in their first week."""


@dataclass(slots=True)
class Source:
    """What a fetcher found; without an embedding where the service failed, or has not come to it yet."""

    kind: str
    url: str
    title: str
    content: str
    metadata: str
    topic: int
    words: Words
    published: int
    fetched: int
    embedding: Embedding | None


def make_sources(recipe: Recipe, works: list[Work]) -> list[Source]:
    """Make the sources in the order in which they were found."""
    found = [*_papers(recipe, works), *_others(recipe, works)]
    found.sort(key=lambda source: (source.fetched, source.url))
    return found


def _fetched(recipe: Recipe, published: int, bits: int) -> int:
    return max(published + 3600 + bits % (2 * DAY), recipe.end - FETCHING + bits % (7 * DAY))


def _choices(bits: int) -> list[int]:
    return [bits >> 2 * place & 7 for place in range(PIECES)]


def _embedding(recipe: Recipe, topic: Topic, words: Words, choices: list[int]) -> Embedding:
    return Embedding(recipe.seed, topic.number, topic.words["task"].index(words["task"]), choices)


def _papers(recipe: Recipe, works: list[Work]) -> Iterator[Source]:
    found, chosen = Draw(recipe.seed, "sources", "fetched_at"), Draw(recipe.seed, "works", "embedding")
    for work in works:
        bits = found(work.number)
        yield Source(
            "arxiv",
            work.url,
            work.title,
            work.abstract,
            f'{{"arxiv_id": "{work.arxiv}", "category": "{work.topic.category}", "authors": {work.authors_json}}}',
            work.topic.number,
            work.words,
            work.published,
            _fetched(recipe, work.published, bits),
            _embedding(recipe, work.topic, work.words, _choices(chosen(work.number))) if bits % 100 else None,
        )


def _others(recipe: Recipe, works: list[Work]) -> Iterator[Source]:
    speaker, drawn = Speaker(recipe.seed, "sources"), Draw(recipe.seed, "sources", "kind")
    about, chosen = Draw(recipe.seed, "sources", "work"), Draw(recipe.seed, "sources", "embedding")
    papers, end = Draw(recipe.seed, "works", "embedding"), recipe.end - 3 * DAY
    for number in range(recipe.sources - len(works)):
        bits, work = drawn(number), works[about(number) % len(works)]
        kind, host = KINDS[bits % len(KINDS)], HOSTS[(bits >> 4) % len(HOSTS)]
        choices = _choices(chosen(number))
        if kind == "repeats":
            words, choices = work.words, [*choices[:2], *_choices(papers(work.number))[2:]]
            title, content = f"[{work.arxiv}] {work.title}", work.abstract
            metadata = f'{{"site": "{host}", "repeats": "{work.arxiv}"}}'
        else:
            words = speaker.words(work.topic, number)
            title = say(sentences("agent", kind), bits >> 8, words)
            content = say(sentences("agent", f"{kind}_text"), bits >> 16, words)
            counted = f'{{"downloads": {bits % 90000}, "likes": {bits % 700}}}'
            metadata = f'{{"site": "{host}"}}' if kind == "web" else counted
        published = min(work.published + 20 * DAY + (bits >> 8) % (300 * DAY), end - (bits >> 8) % (40 * DAY))
        yield Source(
            kind if kind in PLACES else "web_search",
            f"https://{PLACES.get(kind, host)}/{work.topic.name.replace(' ', '-')}-{number + 1}",
            title,
            content,
            metadata,
            work.topic.number,
            words,
            published,
            _fetched(recipe, published, bits >> 16),
            _embedding(recipe, work.topic, words, choices),
        )


def source_rows(sources: list[Source]) -> Iterator[tuple[str, ...]]:
    """Write the rows of sources."""
    for number, each in enumerate(sources, FIRST):
        vector = each.embedding.text if each.embedding else NULL
        about = (str(number), each.kind, each.url, each.title, each.content, each.metadata)
        fetched = stamp(each.fetched)
        yield (*about, vector, stamp(each.published), fetched, fetched, fetched)


SINCE_2000 = 946_684_800


def binary_source_rows(sources: list[Source]) -> Iterator[bytes]:
    """Write the same rows as COPY (FORMAT binary) wants them: a vector as text is three times as long, and slow.

    https://www.postgresql.org/docs/current/sql-copy.html, File Formats
    """
    head, length, times = struct.Struct("!hiq").pack, struct.Struct("!i").pack, struct.Struct("!iqiqiqiq").pack
    for number, each in enumerate(sources, FIRST):
        parts = [head(11, 8, number)]
        for value in (each.kind, each.url, each.title, each.content):
            data = value.encode()
            parts += (length(len(data)), data)
        metadata = b"\x01" + each.metadata.encode()  # jsonb begins with its version
        parts += (length(len(metadata)), metadata)
        vector = each.embedding.binary if each.embedding else None
        parts += (length(-1),) if vector is None else (length(len(vector)), vector)
        fetched = (each.fetched - SINCE_2000) * 1_000_000
        parts.append(times(8, (each.published - SINCE_2000) * 1_000_000, 8, fetched, 8, fetched, 8, fetched))
        yield b"".join(parts)
