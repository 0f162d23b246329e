"""LitXplore's tables, one module a domain; `Base.metadata` describes the same schema as the migrations build."""

from litxdb.models import triggers
from litxdb.models.agent import Digest, DigestItem, Feedback, Source, UserProfile
from litxdb.models.base import Base
from litxdb.models.chat import ChatMessage, ChatSession, Document
from litxdb.models.growth import Bookmark, SharedReview, Subscription, Team, TeamMember, UserActivity
from litxdb.models.library import Note, Paper, ResearchSession
from litxdb.models.reviews import LiteratureReview, Task, TaskStatus
from litxdb.models.system import FetcherState, ModelMetadata, PreferenceWeight, SearchQuery, SystemState
from litxdb.models.users import User

triggers.attach()

__all__ = [
    "Base",
    "Bookmark",
    "ChatMessage",
    "ChatSession",
    "Digest",
    "DigestItem",
    "Document",
    "Feedback",
    "FetcherState",
    "LiteratureReview",
    "ModelMetadata",
    "Note",
    "Paper",
    "PreferenceWeight",
    "ResearchSession",
    "SearchQuery",
    "SharedReview",
    "Source",
    "Subscription",
    "SystemState",
    "Task",
    "TaskStatus",
    "Team",
    "TeamMember",
    "User",
    "UserActivity",
    "UserProfile",
]
