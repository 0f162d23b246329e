"""The research library: sessions, the papers in them, notes on these, and bookmarks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from litxdb.seed.world.draws import NULL, Draw
from litxdb.seed.world.people import Lives, Person
from litxdb.seed.world.recipe import FIRST, Recipe
from litxdb.seed.world.times import DAY, stamp
from litxdb.seed.world.vocabulary import Speaker, say, sentences, topics
from litxdb.seed.world.works import Catalogue, Work

NOTE_TYPES = ("finding", "finding", "method", "limitation", "question")


class Session(NamedTuple):
    """Somebody's collection of papers on one question."""

    created: int
    person: int
    topic: int


class Paper(NamedTuple):
    """A work in a session, by the session's number."""

    session: int
    person: int
    work: Work
    added: int


def make_sessions(recipe: Recipe, people: list[Person]) -> list[Session]:
    """Decide who collects papers on what since when; everybody does at least once."""
    lives, drawn = Lives(recipe), Draw(recipe.seed, "research_sessions", "created_at")
    many = Draw(recipe.seed, "research_sessions", "count")
    sessions = []
    for person in people:
        for each in range(1 + many(person.number) % person.level):
            bits = drawn(person.number * 128 + each)
            sessions.append(
                Session(lives.moment(person, bits), person.number, person.topics[bits % len(person.topics)])
            )
    sessions.sort()
    return sessions


def session_rows(recipe: Recipe, sessions: list[Session], people: list[Person]) -> Iterator[tuple[str, ...]]:
    """Write the rows of research_sessions."""
    speaker, drawn = Speaker(recipe.seed, "research_sessions"), Draw(recipe.seed, "research_sessions", "title")
    for number, session in enumerate(sessions):
        bits = drawn(number)
        age = (recipe.end - session.created) // DAY
        status = "active" if age < 30 or bits % 3 == 0 else "archived" if age > 150 else "completed"
        title = say(sentences("agent", "session"), bits >> 8, speaker.words(topics()[session.topic], number))
        updated = session.created + bits % min(20 * DAY, recipe.end - session.created)
        yield (
            str(FIRST + number),
            str(people[session.person].id),
            title,
            status,
            stamp(session.created),
            stamp(updated),
        )


def make_papers(recipe: Recipe, sessions: list[Session], catalogue: Catalogue) -> list[Paper]:
    """Decide which papers are in each session."""
    many, drawn = Draw(recipe.seed, "papers", "count"), Draw(recipe.seed, "papers", "work")
    papers = []
    for number, session in enumerate(sessions):
        bits = many(number)
        for place, work in enumerate(catalogue.choose(session.topic, session.created, 3 + bits % 10, drawn, number)):
            added = session.created + 90 + place * (40 + bits % 600)
            papers.append(Paper(number, session.person, work, added))
    return papers


def paper_rows(recipe: Recipe, papers: list[Paper]) -> Iterator[tuple[str, ...]]:
    """Write the rows of papers: from arXiv, and some that somebody uploaded."""
    drawn = Draw(recipe.seed, "papers", "status")
    for number, paper in enumerate(papers):
        bits, work, added = drawn(number), paper.work, stamp(paper.added)
        fresh = recipe.end - paper.added < 7 * DAY
        status = ("pending" if fresh and bits % 3 == 0 else "failed") if bits % 19 == 0 else "completed"
        uploaded = bits % 17 == 0
        yield (
            str(FIRST + number),
            str(FIRST + paper.session),
            f"upload_{bits:016x}{number:08x}" if uploaded else work.arxiv,
            work.title,
            work.authors_json,
            stamp(work.published),
            work.abstract,
            NULL if uploaded else work.url,
            status,
            NULL if status == "pending" else f"0.{400 + (bits >> 8) % 600}",
            added,
            stamp(paper.added + 30 + bits % 300),
        )


def note_rows(recipe: Recipe, papers: list[Paper]) -> Iterator[tuple[str, ...]]:
    """Write the rows of notes."""
    drawn, row = Draw(recipe.seed, "notes", "content"), FIRST
    reasons, contents = sentences("notes", "justification"), {kind: sentences("notes", kind) for kind in NOTE_TYPES}
    for number, paper in enumerate(papers):
        words = paper.work.words
        for each in range(drawn(4 * number) % 4):
            bits = drawn(4 * number + each + 1)
            kind = NOTE_TYPES[bits % len(NOTE_TYPES)]
            written = stamp(min(paper.added + 300 + (bits >> 8) % (9 * DAY), recipe.end - 60))
            yield (
                str(row),
                str(FIRST + number),
                str(1 + (bits >> 4) % 18),
                kind,
                say(contents[kind], bits >> 12, words),
                say(reasons, bits >> 20, words),
                f"0.{300 + (bits >> 28) % 700}",
                ("accepted", "accepted", "accepted", "pending", "rejected")[(bits >> 40) % 5],
                written,
                written,
            )
            row += 1


def bookmarked(recipe: Recipe, papers: list[Paper]) -> list[tuple[int, int, int, int]]:
    """Decide who bookmarked which of their papers: (time, person, the paper's number, bits for more)."""
    drawn, found = Draw(recipe.seed, "bookmarks", "paper_id"), []
    for number, paper in enumerate(papers):
        bits = drawn(number)
        if bits % 5 == 0:
            found.append((min(paper.added + 60 + bits % (3 * DAY), recipe.end - 60), paper.person, number, bits >> 32))
    return found


def bookmark_rows(
    bookmarks: list[tuple[int, int, int, int]], people: list[Person], papers: list[Paper]
) -> Iterator[tuple[str, ...]]:
    """Write the rows of bookmarks."""
    reasons = sentences("notes", "justification")
    for time, person, paper, bits in bookmarks:
        note = NULL if bits % 3 else say(reasons, bits >> 4, papers[paper].work.words)
        made = stamp(time)
        yield str(people[person].id), str(FIRST + paper), note, made, made
