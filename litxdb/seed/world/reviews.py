"""Literature reviews, the tasks that wrote them, and with whom they are shared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from litxdb.seed.world.draws import NULL, Draw, uuid
from litxdb.seed.world.people import Lives, Person
from litxdb.seed.world.recipe import FIRST, Recipe
from litxdb.seed.world.times import DAY, naive, stamp
from litxdb.seed.world.vocabulary import Speaker, Words, say, sentences, topics
from litxdb.seed.world.works import Catalogue, Work, authors_in_text


class Review(NamedTuple):
    """A review that somebody had written."""

    created: int
    person: int
    topic: int
    works: list[Work]


def make_reviews(recipe: Recipe, people: list[Person], catalogue: Catalogue) -> list[Review]:
    """Decide who had which reviews written and when, oldest first; none without a paper to cite."""
    lives, drawn = Lives(recipe), Draw(recipe.seed, "literature_reviews", "created_at")
    many, cited = (Draw(recipe.seed, "literature_reviews", name) for name in ("count", "citations"))
    reviews = []
    for person in people:
        for each in range(many(person.number) % (2 * person.level)):
            row = person.number * 128 + each
            bits = drawn(row)
            created, topic = lives.moment(person, bits), person.topics[bits % len(person.topics)]
            works = catalogue.choose(topic, created - DAY, 4 + bits % 9, cited, row)
            if works:
                works.sort(key=lambda work: work.number)
                reviews.append(Review(created, person.number, topic, works))
    reviews.sort(key=lambda review: review[:3])
    return reviews


def review_rows(recipe: Recipe, reviews: list[Review], people: list[Person]) -> Iterator[tuple[str, ...]]:
    """Write the rows of literature_reviews."""
    speaker = Speaker(recipe.seed, "literature_reviews")
    titled, told = (Draw(recipe.seed, "literature_reviews", name) for name in ("title", "content"))
    for number, review in enumerate(reviews):
        words, works = speaker.words(topics()[review.topic], number), review.works
        words |= {"count": str(len(works)), "since": str(works[0].year)}
        bits = told(number)
        citations = ", ".join(
            f'{{"id": "{work.arxiv}", "title": "{work.title}", "authors": {work.authors_json}, "year": {work.year}}}'
            for work in works
        )
        title = say(sentences("review", "title"), titled(number), words)
        updated = review.created + (bits % (2 * DAY) if bits % 4 == 0 else 0)
        yield (
            str(FIRST + number),
            str(people[review.person].id),
            title,
            f"{words['Task']} in {words['setting']}",
            _content(title, words, works, bits),
            f"[{citations}]",
            naive(review.created),
            naive(updated),
        )


def _content(title: str, words: Words, works: list[Work], bits: int) -> str:
    def tell(name: str) -> str:
        nonlocal bits
        bits = bits * 0x5851F42D4C957F2D + 0x14057B7EF767814F & 0xFFFFFFFFFFFFFFFF
        return say(sentences("review", name), bits >> 33, words)

    cites = []
    for place, work in enumerate(works, 1):
        about = {**work.words, "authors": authors_in_text(work), "number": str(place)}
        cites.append(say(sentences("review", "cite"), bits >> place, about))
    middle = (len(cites) + 1) // 2
    return "\n\n".join(
        (
            f"# {title}",
            "## Introduction",
            f"{tell('opening')} {tell('aim')}",
            f"## {words['Method']} and related approaches",
            " ".join((tell("theme"), *cites[:middle], tell("bridge"))),
            f"## {words['Obstacle']}",
            " ".join((tell("theme"), *cites[middle:], tell("bridge"))),
            "## Open questions",
            tell("gap"),
            "## Conclusion",
            tell("closing"),
            "## References",
            "\n".join(
                f"{place}. {', '.join(work.authors)} ({work.year}). {work.title}. arXiv:{work.arxiv}"
                for place, work in enumerate(works, 1)
            ),
        )
    )


def task_rows(recipe: Recipe, reviews: list[Review], people: list[Person]) -> Iterator[tuple[str, ...]]:
    """Write the rows of tasks: one completed for each review, and those that failed, run or wait."""
    noise, fate = Draw(recipe.seed, "tasks", "id"), Draw(recipe.seed, "tasks", "status")
    tasks: list[tuple[int, int, str, str, str]] = []
    for number, review in enumerate(reviews):
        bits = fate(number)
        result = f'{{"review_id": {FIRST + number}, "citations_count": {len(review.works)}}}'
        started = review.created - 45 - bits % 200
        tasks.append((started, people[review.person].id, "completed", result, NULL))
        if bits % 9 == 0:  # the same person tried before, in vain
            error = sentences("task", "error")[(bits >> 8) % len(sentences("task", "error"))]
            tasks.append((started - 60 - (bits >> 16) % 900, people[review.person].id, "failed", NULL, error))
    for person in people:
        bits = fate(len(reviews) + person.number)
        if bits % 25 == 0:
            status = "running" if bits % 3 else "pending"
            tasks.append((recipe.end - 20 - (bits >> 8) % 240, person.id, status, NULL, NULL))
    tasks.sort()
    for number, (created, person_id, status, result, error) in enumerate(tasks):
        yield uuid(number, noise(number)), str(person_id), status, result, error, naive(created)


def share_rows(
    recipe: Recipe, reviews: list[Review], people: list[Person], teams: dict[int, list[int]]
) -> Iterator[tuple[str, ...]]:
    """Write the rows of shared_reviews; `teams` are each person's."""
    drawn, row = Draw(recipe.seed, "shared_reviews", "recipient"), FIRST
    for number, review in enumerate(reviews):
        bits = drawn(number)
        owner = people[review.person]
        shared = stamp(review.created + 600 + bits % DAY)
        permission = ("read", "read", "comment", "edit")[bits >> 8 & 3]
        recipients = []
        if bits % 4 == 0 and review.person in teams:
            mine = teams[review.person]
            recipients.append((str(mine[(bits >> 16) % len(mine)]), NULL))
        other = people[(bits >> 24) % len(people)]
        if bits % 5 == 0 and other != owner:
            recipients.append((NULL, str(other.id)))
        for team, person in recipients:
            yield str(row), str(FIRST + number), str(owner.id), team, person, permission, shared, shared
            row += 1
