"""The tables of a world, in the order in which they can be filled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from litxdb.seed.world import agent, chats, growth, library, people, reviews, sources, works
from litxdb.seed.world.recipe import Recipe

Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table's columns and rows: texts as COPY reads them (`\\N` is null), not yet escaped.

    `key` is how its rows are recognised later: by their number, by their UUID, or by the pair of rows that they join.
    `binary` are the same rows in COPY's binary format, where that is much quicker.
    """

    name: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]
    key: str = "number"
    binary: Callable[[], Iterator[bytes]] | None = None


def tables(recipe: Recipe) -> Iterator[Table]:
    """Make a world, table by table; rows refer to tables that came before."""
    everybody = people.make_people(recipe)
    papers_known = works.make_works(recipe)
    catalogue = works.Catalogue(papers_known)
    teams = growth.Teams(recipe, everybody)

    def table(
        name: str, columns: str, rows: Callable[..., Iterator[Row]], *given: object, key: str = "number"
    ) -> Table:
        return Table(name, tuple(columns.split()), partial(rows, *given), key)

    names = "id clerk_id email first_name last_name is_active created_at updated_at"
    paid = "subscription_tier subscription_status stripe_customer_id"
    yield table("users", f"{names} {paid}", people.user_rows, recipe, everybody)
    columns = "id user_id display_name preferences created_at updated_at"
    yield table("user_profiles", columns, people.profile_rows, recipe, everybody)
    columns = "id user_id tier status started_at ended_at stripe_subscription_id created_at updated_at"
    yield table("subscriptions", columns, growth.subscription_rows, recipe, everybody)
    yield table("teams", "id name created_at updated_at", teams.rows)
    yield table("team_members", "team_id user_id role created_at updated_at", teams.member_rows, key="pair")
    columns = "id source_url checksum original_filename ingestion_status created_at updated_at"
    yield table("documents", columns, chats.document_rows, recipe, papers_known, key="uuid")
    found = sources.make_sources(recipe, papers_known)
    columns = "id source_type url title content metadata embedding published_at fetched_at created_at updated_at"
    yield Table(
        "sources",
        tuple(columns.split()),
        partial(sources.source_rows, found),
        binary=partial(sources.binary_source_rows, found),
    )
    columns = "id query query_hash source_type results_count created_at updated_at"
    yield table("search_queries", columns, agent.query_rows, recipe)
    columns = "id name version metrics is_active trained_at created_at updated_at"
    yield table("model_metadata", columns, agent.model_rows, recipe)
    written = reviews.make_reviews(recipe, everybody, catalogue)
    columns = "id user_id title topic content citations created_at updated_at"
    yield table("literature_reviews", columns, reviews.review_rows, recipe, written, everybody)
    columns = "id user_id status result_data error_message created_at"
    yield table("tasks", columns, reviews.task_rows, recipe, written, everybody, key="uuid")
    columns = "id review_id shared_by team_id shared_with permission created_at updated_at"
    yield table("shared_reviews", columns, reviews.share_rows, recipe, written, everybody, teams.of)
    sessions = library.make_sessions(recipe, everybody)
    columns = "id user_id title status created_at updated_at"
    yield table("research_sessions", columns, library.session_rows, recipe, sessions, everybody)
    collected = library.make_papers(recipe, sessions, catalogue)
    columns = (
        "id session_id external_id title authors published summary url status relevance_score created_at updated_at"
    )
    yield table("papers", columns, library.paper_rows, recipe, collected)
    columns = "id paper_id page_number note_type content justification relevance_score status created_at updated_at"
    yield table("notes", columns, library.note_rows, recipe, collected)
    marked = library.bookmarked(recipe, collected)
    columns = "user_id paper_id note created_at updated_at"
    yield table("bookmarks", columns, library.bookmark_rows, marked, everybody, collected, key="pair")
    talks = chats.make_chats(recipe, everybody, collected)
    columns = "id user_id session_id title created_at updated_at"
    yield table("chat_sessions", columns, chats.chat_rows, recipe, talks, everybody, collected, key="uuid")
    columns = "id session_id user_id role content token_count created_at"
    yield table("chat_messages", columns, chats.message_rows, recipe, talks, everybody, collected, key="uuid")
    digests = agent.make_digests(recipe, everybody, found)
    columns = "id user_profile_id digest_date delivery_status delivered_at created_at updated_at"
    yield table("digests", columns, agent.digest_rows, recipe, digests, everybody)
    columns = "id digest_id source_id rank score reasoning created_at updated_at"
    yield table("digest_items", columns, agent.item_rows, recipe, digests, found)
    columns = "id user_profile_id digest_item_id rating interaction created_at updated_at"
    yield table("feedback", columns, agent.feedback_rows, recipe, digests, everybody)
    columns = "id user_profile_id feature weight created_at updated_at"
    yield table("preference_weights", columns, agent.weight_rows, recipe, everybody)
    columns = "id user_id action entity_type entity_id metadata created_at"
    lived = (recipe, everybody, written, sessions, collected, marked, talks)
    yield table("user_activity", columns, growth.activity_rows, *lived)
    columns = "fetcher status last_run_at last_success_at consecutive_errors last_error created_at updated_at"
    yield table("fetcher_state", columns, agent.fetcher_rows, recipe, key="fetcher")


NAMES = (
    *("users", "user_profiles", "subscriptions", "teams", "team_members", "documents", "sources", "search_queries"),
    *("model_metadata", "literature_reviews", "tasks", "shared_reviews", "research_sessions", "papers", "notes"),
    *("bookmarks", "chat_sessions", "chat_messages", "digests", "digest_items", "feedback", "preference_weights"),
    *("user_activity", "fetcher_state"),
)
"""The tables of every world, in that order."""
