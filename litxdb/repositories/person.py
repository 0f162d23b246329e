"""Where everything begins: what is everybody's, and behind `for_user` what is one person's."""

from __future__ import annotations

from typing import Generic

from litxdb.errors import ArgumentInvalid
from litxdb.repositories.chat import Chats, Messages
from litxdb.repositories.digests import Digests, FeedbackRows, Items, OwnProfile
from litxdb.repositories.library import Notes, Papers, Sessions
from litxdb.repositories.operation import S
from litxdb.repositories.reviews import Reviews, Tasks
from litxdb.repositories.sources import Sources
from litxdb.repositories.system import Fetchers, Settings
from litxdb.repositories.users import OwnAccount, Users


class Person(Generic[S]):
    """Everything that belongs to one person, and nothing else."""

    def __init__(self, session: S, user_id: int) -> None:
        self.id = user_id
        self.account = OwnAccount(session, user_id)
        self.reviews = Reviews(session, user_id)
        self.tasks = Tasks(session, user_id)
        self.chats = Chats(session, user_id)
        self.messages = Messages(session, user_id)
        self.sessions = Sessions(session, user_id)
        self.papers = Papers(session, user_id)
        self.notes = Notes(session, user_id)
        self.profile = OwnProfile(session, user_id)
        self.digests = Digests(session, user_id)
        self.items = Items(session, user_id)
        self.feedback = FeedbackRows(session, user_id)


class Repositories(Generic[S]):
    """The repositories on one session; of an AsyncSession their methods are awaited.

    There is no way to anybody's rows but `for_user`.
    """

    def __init__(self, session: S) -> None:
        self._session = session
        self.users = Users(session)
        self.sources = Sources(session)
        self.settings = Settings(session)
        self.fetchers = Fetchers(session)

    def for_user(self, user_id: int) -> Person[S]:
        """Return what belongs to this person, who need not exist: then there is nothing. Asks the server nothing."""
        if not isinstance(user_id, int) or isinstance(user_id, bool) or not 0 < user_id < 2**31:
            raise ArgumentInvalid("A person is known by a positive number.", "Ask users.identify() for it.")
        return Person(self._session, user_id)
