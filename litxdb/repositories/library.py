"""A person's research library: sessions, the papers in them, and notes on their pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Required, TypedDict, Unpack

from sqlalchemy import Select, select

from litxdb import models
from litxdb.repositories.operation import S, operation
from litxdb.repositories.paging import Page
from litxdb.repositories.results import AnnotatedPaper, FullSession, Note, Paper, ResearchSession
from litxdb.repositories.rows import OwnRows, table_of


class NewSession(TypedDict, total=False):
    """What a new research session is made of; `status` is active unless said otherwise."""

    title: Required[str]
    status: str


class SessionChanges(TypedDict, total=False):
    """What may change in a research session."""

    title: str
    status: str


class Sessions(OwnRows[S, ResearchSession, int]):
    """One person's research sessions, the newest first."""

    table = table_of(models.ResearchSession)
    record = ResearchSession
    new = NewSession
    changes = SessionChanges

    @operation
    def create(self, **values: Unpack[NewSession]) -> ResearchSession:
        """Begin a research session. Raises NotFound when the person is not there."""
        return self._create(values)

    @operation
    def update(self, key: int, **changes: Unpack[SessionChanges]) -> ResearchSession | None:
        """Change a session and return it as it is now; None when there is none."""
        return self._update(key, changes)

    @operation
    def list(self, *, limit: int = 50, cursor: str | None = None, status: str | None = None) -> Page[ResearchSession]:
        """Return a page of the sessions. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor, status=status)

    @operation
    def insert_many(self, rows: Iterable[NewSession]) -> int:
        """Add sessions by COPY and return how many. Raises NotFound when the person is not there."""
        return self._insert_many(rows)

    @operation
    def read(self, key: int) -> FullSession | None:
        """Return a session with its papers and their notes, in three statements however many there are."""
        session = self._one(self._select().where(self._is(key)))
        if session is None:
            return None
        papers, notes = Papers.table, Notes.table
        within: Select[Any] = select(*Papers._columns()).where(papers.c.session_id == key).order_by(papers.c.id)
        noted = select(*Notes._columns()).where(
            notes.c.paper_id.in_(select(papers.c.id).where(papers.c.session_id == key))
        )
        found = [Paper(*row) for row in self._session.execute(within)]
        by_paper: defaultdict[int, list[Note]] = defaultdict(list)
        for row in self._session.execute(noted.order_by(notes.c.id)):
            by_paper[row.paper_id].append(Note(*row))
        return FullSession(session, tuple(AnnotatedPaper(paper, tuple(by_paper[paper.id])) for paper in found))


class NewPaper(TypedDict, total=False):
    """What a new paper is made of; `external_id` is an arXiv id or upload_<hash>, once in a session."""

    session_id: Required[int]
    external_id: Required[str]
    title: Required[str]
    authors: list[Any]
    published: datetime | None
    summary: str | None
    url: str | None
    status: str
    relevance_score: float | None


class PaperChanges(TypedDict, total=False):
    """What may change in a paper."""

    title: str
    authors: list[Any]
    published: datetime | None
    summary: str | None
    url: str | None
    status: str
    relevance_score: float | None


class Papers(OwnRows[S, Paper, int]):
    """The papers in one person's research sessions, the newest first."""

    table = table_of(models.Paper)
    record = Paper
    new = NewPaper
    changes = PaperChanges

    @operation
    def create(self, **values: Unpack[NewPaper]) -> Paper:
        """Add a paper. Raises NotFound for a session of somebody else's, AlreadyExists for a paper that is in it."""
        return self._create(values)

    @operation
    def update(self, key: int, **changes: Unpack[PaperChanges]) -> Paper | None:
        """Change a paper and return it as it is now; None when there is none."""
        return self._update(key, changes)

    @operation
    def list(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        session_id: int | None = None,
        status: str | None = None,
    ) -> Page[Paper]:
        """Return a page of the papers of one session or of all. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor, session_id=session_id, status=status)

    @operation
    def insert_many(self, rows: Iterable[NewPaper]) -> int:
        """Add papers by COPY and return how many. Raises NotFound and AlreadyExists as `create`."""
        return self._insert_many(rows)


class NewNote(TypedDict, total=False):
    """What a new note is made of; `page_number` from 1."""

    paper_id: Required[int]
    note_type: Required[str]
    content: Required[str]
    page_number: int | None
    justification: str | None
    relevance_score: float | None
    status: str


class NoteChanges(TypedDict, total=False):
    """What may change in a note."""

    note_type: str
    content: str
    page_number: int | None
    justification: str | None
    relevance_score: float | None
    status: str


class Notes(OwnRows[S, Note, int]):
    """The notes on one person's papers, the newest first."""

    table = table_of(models.Note)
    record = Note
    new = NewNote
    changes = NoteChanges

    @operation
    def create(self, **values: Unpack[NewNote]) -> Note:
        """Add a note. Raises NotFound for a paper of somebody else's."""
        return self._create(values)

    @operation
    def update(self, key: int, **changes: Unpack[NoteChanges]) -> Note | None:
        """Change a note and return it as it is now; None when there is none."""
        return self._update(key, changes)

    @operation
    def list(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        paper_id: int | None = None,
        note_type: str | None = None,
        status: str | None = None,
    ) -> Page[Note]:
        """Return a page of the notes on one paper or on all. Raises ArgumentInvalid for a cursor of another list."""
        return self._page(limit, cursor, paper_id=paper_id, note_type=note_type, status=status)

    @operation
    def insert_many(self, rows: Iterable[NewNote]) -> int:
        """Add notes by COPY and return how many. Raises NotFound for a paper of somebody else's."""
        return self._insert_many(rows)
