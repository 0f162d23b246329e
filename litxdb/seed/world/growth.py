"""Teams, subscriptions, and the log of what people did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from litxdb.seed.world.chats import Chat
from litxdb.seed.world.draws import NULL, Draw, token, uuid
from litxdb.seed.world.library import Paper, Session
from litxdb.seed.world.people import Lives, Person
from litxdb.seed.world.recipe import FIRST, Recipe
from litxdb.seed.world.reviews import Review
from litxdb.seed.world.times import DAY, stamp
from litxdb.seed.world.vocabulary import Speaker, say, sentences, topics


class Teams:
    """Groups of people with an interest in common, as far as there are enough of them."""

    def __init__(self, recipe: Recipe, people: list[Person]) -> None:
        self._recipe = recipe
        drawn = Draw(recipe.seed, "team_members", "user_id")
        self.members: list[list[Person]] = []
        for number in range(max(1, len(people) // 20)):
            wanted = 2 + drawn(number * 64) % 7
            chosen = {drawn(number * 64 + place) % len(people): None for place in range(1, wanted + 1)}
            self.members.append([people[each] for each in chosen])
        self.of: dict[int, list[int]] = defaultdict(list)
        for number, members in enumerate(self.members, FIRST):
            for member in members:
                self.of[member.number].append(number)

    def _founded(self, members: Sequence[Person]) -> int:
        return min(max(member.joined for member in members) + DAY, self._recipe.end - DAY)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Write the rows of teams."""
        speaker, named = Speaker(self._recipe.seed, "teams"), Draw(self._recipe.seed, "teams", "name")
        for number, members in enumerate(self.members):
            words = speaker.words(topics()[members[0].topics[0]], number)
            name = say(sentences("team", "name"), named(number), words)
            founded = stamp(self._founded(members))
            yield str(FIRST + number), name[0].upper() + name[1:], founded, founded

    def member_rows(self) -> Iterator[tuple[str, ...]]:
        """Write the rows of team_members: the first is the owner, the second an admin in larger teams."""
        for number, members in enumerate(self.members, FIRST):
            founded = self._founded(members)
            for place, member in enumerate(members):
                role = "owner" if place == 0 else "admin" if place == 1 and len(members) > 4 else "member"
                since = stamp(min(founded + place * 3600, self._recipe.end))
                yield str(number), str(member.id), role, since, since


def subscription_rows(recipe: Recipe, people: list[Person]) -> Iterator[tuple[str, ...]]:
    """Write the rows of subscriptions: everybody begins free, and who pays has a period that is still open."""
    drawn, stripe = Draw(recipe.seed, "subscriptions", "started_at"), Draw(recipe.seed, "subscriptions", "stripe")
    row = FIRST
    for person in people:
        change = person.joined + drawn(person.number) % max(1, recipe.end - DAY - person.joined)
        periods = [("free", "active", person.joined, NULL, NULL)]
        if person.tier != "free":
            known = f"sub_{token(stripe(person.number), 24)}"
            periods = [
                ("free", "ended", person.joined, stamp(change), NULL),
                (person.tier, "active", change, NULL, known),
            ]
        for tier, status, start, end, known in periods:
            yield str(row), str(person.id), tier, status, stamp(start), end, known, stamp(start), stamp(start)
            row += 1


def activity_rows(
    recipe: Recipe,
    people: list[Person],
    reviews: list[Review],
    sessions: list[Session],
    papers: list[Paper],
    bookmarks: list[tuple[int, int, int, int]],
    chats: list[Chat],
) -> Iterator[tuple[str, ...]]:
    """Write the rows of user_activity, in order of time: what the other tables tell, and that people logged in."""
    lives, drawn = Lives(recipe), Draw(recipe.seed, "user_activity", "login")
    chat_ids = Draw(recipe.seed, "chat_sessions", "id")
    events: list[tuple[int, int, str, str, str]] = []
    for person in people:
        events.append((person.joined, person.number, "signup", "user", str(person.id)))
        for each in range(2 + 5 * person.level):
            events.append((lives.moment(person, drawn(person.number * 512 + each)), person.number, "login", NULL, NULL))
    for number, review in enumerate(reviews, FIRST):
        events.append((review.created, review.person, "review.created", "review", str(number)))
    for number, session in enumerate(sessions, FIRST):
        events.append((session.created, session.person, "session.created", "research_session", str(number)))
    for number, paper in enumerate(papers, FIRST):
        events.append((paper.added, paper.person, "paper.added", "paper", str(number)))
    for time, number, paper_number, _ in bookmarks:
        events.append((time, number, "paper.bookmarked", "paper", str(FIRST + paper_number)))
    for number, chat in enumerate(chats):
        events.append((chat.begun, chat.person, "chat.started", "chat_session", uuid(number, chat_ids(number))))
    events.sort()
    for row, (time, number, action, kind, entity) in enumerate(events):
        client = ("web", "web", "mobile", "api")[drawn(-1 - number) & 3]
        yield str(FIRST + row), str(people[number].id), action, kind, entity, f'{{"client": "{client}"}}', stamp(time)
