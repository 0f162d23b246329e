"""A made-up world: always the same, and what belongs together does."""

import json
import math
import os
import re
import struct
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from litxdb.errors import ArgumentInvalid
from litxdb.models import Base
from litxdb.seed.copying import encoded
from litxdb.seed.world import FIRST, NAMES, Recipe, Row, tables
from litxdb.seed.world.draws import NULL

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TINY = Recipe(20, now=NOW)
DIGESTS = Path(__file__).parent / "seed_digests.json"
CHECKED = "import sys; from tests.test_seed_world import digests; import json; json.dump(digests(), sys.stdout)"


def digests(recipe: Recipe = TINY) -> dict[str, str]:
    found = {}
    for table in tables(recipe):
        rows = sha256(b"".join(encoded(table.rows())))
        if table.binary:
            rows.update(b"".join(table.binary()))
        found[table.name] = rows.hexdigest()[:16]
    return found


@pytest.fixture(scope="module")
def world() -> dict[str, list[dict[str, str]]]:
    return rows_of(Recipe(60, now=NOW))


def rows_of(recipe: Recipe) -> dict[str, list[dict[str, str]]]:
    return {
        table.name: [dict(zip(table.columns, row, strict=True)) for row in table.rows()] for table in tables(recipe)
    }


def test_the_rows_are_the_same_to_the_byte_for_ever() -> None:
    """Other rows need another VERSION; then `LITXDB_TEST_GOLDEN=rewrite` writes the digests anew."""
    if os.environ.get("LITXDB_TEST_GOLDEN") == "rewrite":
        DIGESTS.write_text(json.dumps(digests(), indent=2) + "\n", encoding="utf-8")
    assert digests() == json.loads(DIGESTS.read_text(encoding="utf-8"))


def test_another_process_makes_the_same_rows() -> None:
    """Hashes of strings, and with them the order of sets, differ from process to process."""
    words = [sys.executable, "-c", CHECKED]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=DIGESTS.parent.parent)
    assert json.loads(done.stdout) == digests()


def test_another_seed_and_another_time_are_another_world() -> None:
    mine, seeded, later = (
        digests(recipe)
        for recipe in (Recipe(5, now=NOW), Recipe(5, "two", NOW), Recipe(5, now=datetime(2026, 11, 23, tzinfo=UTC)))
    )
    assert all(mine[name] != seeded[name] for name in NAMES if name != "team_members")
    assert all(mine[name] != later[name] for name in ("users", "papers", "sources", "user_activity"))


@pytest.mark.parametrize("users", [1, 2, 7])
def test_the_smallest_worlds_have_something_in_most_tables(users: int) -> None:
    found = rows_of(Recipe(users, now=NOW))
    assert len(found["users"]) == users
    assert all(found[name] for name in ("papers", "sources", "digest_items", "preference_weights", "user_activity"))


def test_every_table_of_litxplore_but_the_settings_is_filled(world: dict[str, list[dict[str, str]]]) -> None:
    assert {table.name for table in Base.metadata.sorted_tables} == {*NAMES, "system_state"}
    assert all(world[name] for name in NAMES)
    for table in Base.metadata.sorted_tables:
        if table.name in NAMES:
            assert {column.name for column in table.columns} == set(world[table.name][0]), table.name


def test_no_text_needs_escaping_and_all_json_is_sound(world: dict[str, list[dict[str, str]]]) -> None:
    hostile = re.compile(r"[\x00-\x09\x0b-\x1f\\\"]")
    for name, rows in world.items():
        for row in rows:
            for column, value in row.items():
                if value == NULL:
                    continue
                if value[:1] in "[{" and column not in ("content", "title"):
                    json.loads(value)
                else:
                    assert not hostile.search(value), (name, column, value)


def test_reviews_tasks_and_citations_belong_together(world: dict[str, list[dict[str, str]]]) -> None:
    reviews = {row["id"]: row for row in world["literature_reviews"]}
    completed = [row for row in world["tasks"] if row["status"] == "completed"]
    assert len(completed) == len(reviews)
    assert {row["status"] for row in world["tasks"]} == {"completed", "failed", "running", "pending"}
    for task in completed:
        result = json.loads(task["result_data"])
        review = reviews[str(result["review_id"])]
        citations = json.loads(review["citations"])
        assert task["user_id"] == review["user_id"]
        assert task["created_at"] < review["created_at"]
        assert result["citations_count"] == len(citations)
        for place, citation in enumerate(citations, 1):
            assert (
                f"{place}. {', '.join(citation['authors'])} ({citation['year']}). {citation['title']}."
                in review["content"]
            )
            assert f"[{place}]" in review["content"]
            assert f"20{citation['id'][:2]}-{citation['id'][2:4]}" <= review["created_at"][:7]


def test_arxiv_ids_say_when_a_paper_appeared_and_sessions_hold_none_from_the_future(
    world: dict[str, list[dict[str, str]]],
) -> None:
    uploads = 0
    for paper in world["papers"]:
        if paper["external_id"].startswith("upload_"):
            uploads += 1
            continue
        assert re.fullmatch(r"\d{4}\.\d{5}", paper["external_id"])
        assert f"20{paper['external_id'][:2]}-{paper['external_id'][2:4]}" == paper["published"][:7]
        assert paper["published"] < paper["created_at"]
        assert paper["url"].endswith(paper["external_id"])
    assert 0 < uploads < len(world["papers"]) / 5


def test_chats_talk_about_papers_of_the_persons_own(world: dict[str, list[dict[str, str]]]) -> None:
    owners = {row["id"]: row["user_id"] for row in world["research_sessions"]}
    titles = defaultdict(set)
    for paper in world["papers"]:
        titles[owners[paper["session_id"]]].add(paper["title"])
    talks = {row["id"]: row["user_id"] for row in world["chat_sessions"]}
    said = defaultdict(list)
    for message in world["chat_messages"]:
        said[message["session_id"]].append(message)
    for talk, messages in said.items():
        title = re.search("“(.*)”", messages[0]["content"])
        assert title
        assert title[1] in titles[talks[talk]]
        roles = [message["role"] for message in messages]
        assert roles == ["system", *["user", "assistant"] * (len(roles) // 2)]
        assert [message["created_at"] for message in messages] == sorted(message["created_at"] for message in messages)


def test_activity_is_skewed_and_goes_on_for_months(world: dict[str, list[dict[str, str]]]) -> None:
    events: dict[str, int] = defaultdict(int)
    for row in world["user_activity"]:
        events[row["user_id"]] += 1
    busiest = sorted(events.values(), reverse=True)
    assert busiest[0] > 5 * busiest[len(busiest) // 2]
    assert len({row["created_at"][:7] for row in world["user_activity"]}) > 6
    assert max(row["created_at"] for row in world["user_activity"]) < "2026-11-22"


def vectors(world: dict[str, list[dict[str, str]]]) -> dict[str, list[float]]:
    return {row["id"]: json.loads(row["embedding"]) for row in world["sources"] if row["embedding"] != NULL}


def cosine(one: list[float], other: list[float]) -> float:
    return math.sumprod(one, other) if hasattr(math, "sumprod") else sum(a * b for a, b in zip(one, other, strict=True))


def test_embeddings_are_near_where_the_texts_are(world: dict[str, list[dict[str, str]]]) -> None:
    found = vectors(world)
    topics = {json.loads(row["metadata"]).get("arxiv_id"): row["id"] for row in world["sources"]}
    repeats = [row for row in world["sources"] if "repeats" in json.loads(row["metadata"])]
    assert repeats
    for row in repeats:
        paper = topics[json.loads(row["metadata"])["repeats"]]
        if paper in found:
            assert cosine(found[row["id"]], found[paper]) >= 0.85
    categories = {row["id"]: json.loads(row["metadata"]).get("category") for row in world["sources"]}
    papers = [id_ for id_, category in categories.items() if category and id_ in found][:60]
    apart = [cosine(found[a], found[b]) for a in papers for b in papers if categories[a] != categories[b]]
    assert max(apart) < 0.3
    assert all(abs(cosine(vector, vector) - 1) < 1e-5 for vector in found.values())
    assert len(found) < len(world["sources"])  # some were not embedded yet


def test_a_vector_as_text_is_the_vector_in_binary() -> None:
    table = next(table for table in tables(Recipe(1, now=NOW)) if table.name == "sources")
    assert table.binary
    row, data = next(zip(table.rows(), table.binary(), strict=True))
    text = json.loads(dict(zip(table.columns, row, strict=True))["embedding"])
    packed = struct.pack("!HH1536f", 1536, 0, *text)
    assert packed in data


def test_a_world_that_makes_no_sense_is_refused() -> None:
    for users in (0, -1, 10**9):
        with pytest.raises(ArgumentInvalid, match="people"):
            Recipe(users)
    with pytest.raises(ArgumentInvalid, match="1066"):
        Recipe(1, now=datetime(1066, 10, 14, tzinfo=UTC))


def test_the_first_row_has_the_first_number() -> None:
    first: Row = next(iter(next(iter(tables(Recipe(1, now=NOW)))).rows()))
    assert first[0] == str(FIRST)
