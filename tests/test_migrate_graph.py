"""The history as read from the revisions' files."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import run

import pytest

from litxdb.errors import ArgumentInvalid, ConfigurationInvalid, LitxdbError, Refused
from litxdb.migrate import Graph, graph
from litxdb.migrate.plan import downgrades, upgrades

HEAD = Graph.read().head.id


def revision(directory: Path, name: str, follows: str | None = HEAD, **more: object) -> None:
    lines = [f'"""What {name} does."""', f"revision: str = {name!r}", f"down_revision = {follows!r}"]
    lines += [f"{key} = {value!r}" for key, value in more.items()]
    (directory / f"{name}.py").write_text("\n".join(lines))


def test_a_project_s_revisions_follow_ours(tmp_path: Path) -> None:
    revision(tmp_path, "b_second", "z_first", depends_on=("0008_chat",))
    revision(tmp_path, "z_first", branch_labels=("project",), extensions={"pg_trgm": "1.6"})
    graph = Graph.read(tmp_path)
    assert [each.id for each in graph.revisions[-3:]] == [HEAD, "z_first", "b_second"]
    assert graph.head.id == "b_second"
    assert graph.head.message == "What b_second does"
    assert graph.head.depends_on == ("0008_chat",)
    assert graph.find("project").extensions == {"pg_trgm": "1.6"}
    assert graph.lineage("b_second") == graph.revisions
    assert graph.lineage(HEAD) == graph.revisions[:-2]
    assert graph.lineage(None) == ()


def test_a_revision_is_found_by_its_beginning() -> None:
    graph = Graph.read()
    assert graph.find("0009").id == "0009_research_agent"
    assert graph.find("create").id == "create_simplified_tasks_table"
    assert graph.find("head").id == HEAD


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("00", "could be 0006_performance_indexes, 0007_research_library", "Write more of its id."),
        ("0009_reserch_agent", "There is no revision 0009_reserch_agent.", "Did you mean 0009_research_agent?"),
        ("%%%", "There is no revision %%%.", "Run litxdb history to see them all."),
        ("", "There is no revision .", "Run litxdb history to see them all."),
    ],
)
def test_a_name_that_fits_none_or_several_is_refused_with_a_suggestion(name: str, message: str, hint: str) -> None:
    with pytest.raises(ArgumentInvalid) as failure:
        Graph.read().find(name)
    assert message in failure.value.message
    assert failure.value.hint == hint


def broken(directory: Path) -> LitxdbError:
    with pytest.raises(ConfigurationInvalid) as failure:
        print(Graph.read(directory).head)
    return failure.value


def test_two_heads_are_named(tmp_path: Path) -> None:
    revision(tmp_path, "mine")
    revision(tmp_path, "yours")
    assert broken(tmp_path).message == "The history has 2 heads: mine and yours."


def test_a_revision_that_follows_nothing_known_is_named(tmp_path: Path) -> None:
    revision(tmp_path, "mine", "gone")
    assert broken(tmp_path).message == "Revision mine follows gone, which does not exist."


def test_a_circle_is_named(tmp_path: Path) -> None:
    revision(tmp_path, "mine", "yours")
    revision(tmp_path, "yours", "mine")
    assert broken(tmp_path).message == "mine, yours follow one another in a circle."


def test_the_same_id_twice_is_named(tmp_path: Path) -> None:
    revision(tmp_path, HEAD)
    assert f"are both revision {HEAD}." in broken(tmp_path).message


@pytest.mark.parametrize("text", ["def broken(:", "x = 1", "revision = compute()", "\0"])
def test_a_file_that_is_no_revision_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.py").write_text(text)
    assert f"{tmp_path / 'odd.py'} is not a revision" in broken(tmp_path).message


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    assert broken(tmp_path / "nowhere").message == f"There is no directory {tmp_path / 'nowhere'} with revisions."


def test_the_way_forward_and_back_is_planned_before_anything_is_touched() -> None:
    graph = Graph.read()
    assert upgrades(graph, None, "head") == graph.revisions
    assert [each.id for each in upgrades(graph, "0008_chat", "0010")] == [
        "0009_research_agent",
        "0010_agent_system_tables",
    ]
    assert upgrades(graph, HEAD, "head") == ()
    assert downgrades(graph, HEAD, 2, None) == (graph.revisions[-1], graph.revisions[-2])
    assert downgrades(graph, HEAD, None, "base") == tuple(reversed(graph.revisions))
    assert downgrades(graph, HEAD, None, HEAD) == ()


def test_a_way_that_does_not_exist_is_refused() -> None:
    graph = Graph.read()
    with pytest.raises(Refused, match="The database is at revision 0008_chat, past 0007_research_library already"):
        upgrades(graph, "0008_chat", "0007")
    with pytest.raises(Refused, match="which does not include 0009_research_agent"):
        downgrades(graph, "0008_chat", None, "0009")
    for steps in (0, 13):
        with pytest.raises(Refused, match=f"Cannot go back {steps} revisions: 12 are applied"):
            downgrades(graph, HEAD, steps, None)
    for plan in (
        lambda: upgrades(graph, "from_the_future", "head"),
        lambda: downgrades(graph, "from_the_future", 1, None),
    ):
        with pytest.raises(Refused, match="at revision from_the_future, which this litxdb does not know"):
            plan()


def test_asking_needs_neither_alembic_nor_sqlalchemy() -> None:
    code = (
        "import sys, litxdb.migrate as m; m.Graph.read(); m.status;"
        "print([name for name in ('alembic', 'sqlalchemy', 'pgvector') if name in sys.modules])"
    )
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


class Cycle:
    """Garbage whose end is Python code: threads take turns there, also in the middle of a parse."""

    def __init__(self) -> None:
        self.own = self

    def __del__(self) -> None:
        time.sleep(0)


def test_several_threads_may_read_at_once() -> None:
    def read(_: int) -> str:
        garbage = [Cycle() for _ in range(200)]
        del garbage
        graph._parse.cache_clear()
        return Graph.read().head.id

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(read, range(40))) == {HEAD}
