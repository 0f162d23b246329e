"""The research agent: digests with their items, what people made of them, and its own records."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from litxdb.seed.world.draws import NULL, Draw
from litxdb.seed.world.people import Person, is_daily
from litxdb.seed.world.recipe import FIRST, Recipe
from litxdb.seed.world.sources import Source
from litxdb.seed.world.times import DAY, day_text, stamp
from litxdb.seed.world.vocabulary import Speaker, say, sentences, topics

SOURCE_TYPES = ("arxiv", "kaggle", "huggingface", "web_search")
MODELS = ("relevance-ranker", "preference-model", "duplicate-classifier")
VERSIONS = ("1.0", "1.1", "2.0")
PERIODS = ((7, 16 * 7), (1, 21))
"""How often people get digests, and how far back these go, in days: the weekly ones, and the daily ones."""


class Digest(NamedTuple):
    """A digest and the sources in it, by their numbers, the best first."""

    day: int
    person: int
    sources: tuple[int, ...]


def make_digests(recipe: Recipe, people: list[Person], sources: list[Source]) -> list[Digest]:
    """Decide who got which digest: what was found newest in the topics that they follow."""
    found: dict[int, list[int]] = defaultdict(list)
    for number, source in enumerate(sources):
        found[source.topic].append(number)
    times = {topic: [sources[number].fetched for number in numbers] for topic, numbers in found.items()}
    drawn, digests = Draw(recipe.seed, "digests", "sources"), []
    last = recipe.end // DAY - 1
    for person in people:
        step, back = PERIODS[is_daily(person)]
        for day in range(max(last - back, person.joined // DAY + 1), last + 1):
            if step > 1 and (day + person.number) % step:
                continue
            bits = drawn(person.number * 100_000 + day)
            topic = person.topics[bits % len(person.topics)]
            known = bisect_left(times[topic], day * DAY)
            stride, offset = 1 + (bits >> 8) % 3, (bits >> 12) % 4
            places = range(known - 1 - offset, max(-1, known - 1 - offset - 5 * stride), -stride)
            if chosen := tuple(found[topic][place] for place in places):
                digests.append(Digest(day, person.number, chosen))
    digests.sort()
    return digests


def digest_rows(recipe: Recipe, digests: list[Digest], people: list[Person]) -> Iterator[tuple[str, ...]]:
    """Write the rows of digests."""
    fate = Draw(recipe.seed, "digests", "delivery_status")
    for number, digest in enumerate(digests):
        bits = fate(number)
        status = ("failed" if bits % 50 else "pending") if bits % 40 == 0 else "delivered"
        made = digest.day * DAY + 18000 + bits % 3600
        delivered = made + 3600 + bits % 900
        sent = stamp(delivered) if status == "delivered" else NULL
        updated = stamp(delivered if status == "delivered" else made)
        yield (
            str(FIRST + number),
            str(people[digest.person].id),
            day_text(digest.day),
            status,
            sent,
            stamp(made),
            updated,
        )


def item_rows(recipe: Recipe, digests: list[Digest], sources: list[Source]) -> Iterator[tuple[str, ...]]:
    """Write the rows of digest_items."""
    drawn, row = Draw(recipe.seed, "digest_items", "score"), FIRST
    reasons = sentences("agent", "reasoning")
    for number, digest in enumerate(digests):
        bits = drawn(number)
        made, score = stamp(digest.day * DAY + 18000), 960 - bits % 60
        for rank, source in enumerate(digest.sources, 1):
            bits >>= 6
            score -= 5 + bits % 40
            reason = say(reasons, bits, sources[source].words)
            yield str(row), str(FIRST + number), str(FIRST + source), str(rank), f"0.{score}", reason, made, made
            row += 1


def feedback_rows(recipe: Recipe, digests: list[Digest], people: list[Person]) -> Iterator[tuple[str, ...]]:
    """Write the rows of feedback: on some items, a rating, an interaction, or both."""
    drawn, row, item = Draw(recipe.seed, "feedback", "rating"), FIRST, FIRST
    for digest in digests:
        opened = drawn(item) % 3
        for rank in range(len(digest.sources)):
            bits = drawn(item) >> 8
            if opened == 0 and bits % (2 + rank) == 0:
                rating = str(min(5, 1 + (bits >> 8) % 7)) if bits >> 4 & 1 else NULL
                saved = "true" if (bits >> 16) % 4 == 0 else "false"
                interaction = f'{{"opened": true, "saved": {saved}, "seconds": {5 + (bits >> 24) % 400}}}'
                given = stamp(digest.day * DAY + 25200 + (bits >> 32) % 50000)
                yield str(row), str(people[digest.person].id), str(item), rating, interaction, given, given
                row += 1
            item += 1


def weight_rows(recipe: Recipe, people: list[Person]) -> Iterator[tuple[str, ...]]:
    """Write the rows of preference_weights: topics count most, then kinds of sources."""
    drawn, row = Draw(recipe.seed, "preference_weights", "weight"), FIRST
    learnt = stamp(recipe.end - DAY)
    for person in people:
        features = [(f"topic:{topics()[topic].name}", 700 - 150 * place) for place, topic in enumerate(person.topics)]
        features += [(f"source:{kind}", 200) for kind in SOURCE_TYPES[: 1 + drawn(person.number) % 4]]
        for feature, least in features:
            yield str(row), str(person.id), feature, f"0.{least + drawn(row) % 250}", stamp(person.joined + 90), learnt
            row += 1


def query_rows(recipe: Recipe) -> Iterator[tuple[str, ...]]:
    """Write the rows of search_queries: what the fetchers asked, each question once a kind of source."""
    speaker, drawn = Speaker(recipe.seed, "search_queries"), Draw(recipe.seed, "search_queries", "query")
    templates, asked, row = sentences("agent", "query"), set(), FIRST
    begin = recipe.end - 200 * DAY
    for number in range(40 + 2 * recipe.users):
        bits = drawn(number)
        query = say(templates, bits, speaker.words(topics()[bits % recipe.topics], number))
        source_type = SOURCE_TYPES[(bits >> 8) % 4 if bits >> 12 & 1 else 0]
        if (query, source_type) in asked:
            continue
        asked.add((query, source_type))
        when = stamp(begin + number * (199 * DAY) // (40 + 2 * recipe.users))
        yield str(row), query, sha256(query.encode()).hexdigest(), source_type, str((bits >> 16) % 60), when, when
        row += 1


def model_rows(recipe: Recipe) -> Iterator[tuple[str, ...]]:
    """Write the rows of model_metadata: each model in several versions, the last of them active."""
    drawn = Draw(recipe.seed, "model_metadata", "metrics")
    for number, (name, version) in enumerate((name, version) for name in MODELS for version in VERSIONS):
        bits, place = drawn(number), VERSIONS.index(version)
        metrics = f'{{"auc": 0.{780 + 40 * place + bits % 30}, "examples": {20000 * (place + 1) + bits % 5000}}}'
        trained = stamp(recipe.end - (220 - 70 * place) * DAY + bits % DAY)
        active = "t" if version == VERSIONS[-1] else "f"
        yield str(FIRST + number), name, version, metrics, active, trained, trained, trained


def fetcher_rows(recipe: Recipe) -> Iterator[tuple[str, ...]]:
    """Write the rows of fetcher_state: all well but one, which has failed twice."""
    drawn = Draw(recipe.seed, "fetcher_state", "last_run_at")
    for number, fetcher in enumerate(SOURCE_TYPES):
        run = recipe.end - 600 - drawn(number) % 3000
        failing = fetcher == "kaggle"
        succeeded, error = (run - 7200, "HTTP 503 from the search service") if failing else (run, NULL)
        yield (
            fetcher,
            "error" if failing else "idle",
            stamp(run),
            stamp(succeeded),
            "2" if failing else "0",
            error,
            stamp(recipe.end - 240 * DAY),
            stamp(run),
        )
