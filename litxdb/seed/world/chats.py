"""Conversations about papers of a person's library, and the documents that are talked about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from litxdb.seed.world.draws import NULL, Draw, uuid
from litxdb.seed.world.library import Paper
from litxdb.seed.world.people import Person
from litxdb.seed.world.recipe import Recipe
from litxdb.seed.world.times import DAY, stamp
from litxdb.seed.world.vocabulary import say, sentences
from litxdb.seed.world.works import Work


class Chat(NamedTuple):
    """A conversation about a paper, given by its number."""

    begun: int
    person: int
    paper: int


def make_chats(recipe: Recipe, people: list[Person], papers: list[Paper]) -> list[Chat]:
    """Decide who talks about which paper of theirs, and when."""
    many, drawn = Draw(recipe.seed, "chat_sessions", "count"), Draw(recipe.seed, "chat_sessions", "paper")
    owned: dict[int, list[int]] = defaultdict(list)
    for number, paper in enumerate(papers):
        owned[paper.person].append(number)
    chats = []
    for person in people:
        mine = owned[person.number]
        for each in range(many(person.number) % (2 * person.level + 1) if mine else 0):
            bits = drawn(person.number * 128 + each)
            chosen = mine[bits % len(mine)]
            added = papers[chosen].added
            chats.append(Chat(added + 60 + (bits >> 20) % max(1, recipe.end - 7200 - added), person.number, chosen))
    chats.sort()
    return chats


def chat_rows(
    recipe: Recipe, chats: list[Chat], people: list[Person], papers: list[Paper]
) -> Iterator[tuple[str, ...]]:
    """Write the rows of chat_sessions."""
    noise, token = Draw(recipe.seed, "chat_sessions", "id"), Draw(recipe.seed, "chat_sessions", "session_id")
    titled, titles = Draw(recipe.seed, "chat_sessions", "title"), sentences("chat", "title")
    for number, chat in enumerate(chats):
        begun = stamp(chat.begun)
        yield (
            uuid(number, noise(number)),
            str(people[chat.person].id),
            f"web-{token(number):016x}{number:06x}",
            say(titles, titled(number), papers[chat.paper].work.words),
            begun,
            begun,
        )


def message_rows(
    recipe: Recipe, chats: list[Chat], people: list[Person], papers: list[Paper]
) -> Iterator[tuple[str, ...]]:
    """Write the rows of chat_messages: what the paper is, then questions with their answers."""
    session, noise = Draw(recipe.seed, "chat_sessions", "id"), Draw(recipe.seed, "chat_messages", "id")
    drawn, row = Draw(recipe.seed, "chat_messages", "content"), 0
    questions, answers = sentences("chat", "question"), sentences("chat", "answer")
    for number, chat in enumerate(chats):
        bits, words = drawn(number), papers[chat.paper].work.words
        session_id, person_id, time = uuid(number, session(number)), str(people[chat.person].id), chat.begun
        said = [("system", NULL, f"You answer questions about the paper “{words['title']}” from its text alone.")]
        for turn in range(1 + bits % 5):
            place = (bits >> 8) + turn
            said.append(("user", person_id, say(questions, place, words)))
            said.append(("assistant", NULL, say(answers, place, words)))
        for place, (role, user, content) in enumerate(said):
            tokens = str(1 + len(content) // 4)
            yield uuid(row, noise(row)), session_id, user, role, content, tokens, stamp(time)
            time += 4 + len(content) // 40 if role == "user" else 15 + (bits >> (2 * place + 16)) % 120
            row += 1


def document_rows(recipe: Recipe, works: list[Work]) -> Iterator[tuple[str, ...]]:
    """Write the rows of documents: the files of every second paper."""
    noise, fate = Draw(recipe.seed, "documents", "id"), Draw(recipe.seed, "documents", "ingestion_status")
    begin = recipe.end - 230 * DAY
    for number, work in enumerate(works[::2]):
        bits = fate(number)
        made = stamp(max(work.published + DAY, begin) + bits % (2 * DAY))
        status = ("failed", "pending", "processing")[bits % 3] if bits % 23 == 0 else "completed"
        url = NULL if bits % 17 == 0 else f"https://arxiv.org/pdf/{work.arxiv}"
        checksum = sha256(f"{recipe.seed}/{number}/{work.arxiv}".encode()).hexdigest()
        yield uuid(number, noise(number)), url, checksum, f"{work.arxiv}.pdf", status, made, made
