"""Writing a revision from the difference between models and database."""

from __future__ import annotations

from pathlib import Path

import pytest
from pgvector.sqlalchemy import Vector
from sqlalchemy import Column, Integer, MetaData, String, Table

from litxdb.database import Database
from litxdb.errors import ConfigurationInvalid, Refused
from litxdb.migrate import Graph, compare, create_revision, downgrade, fingerprint, upgrade
from litxdb.models import Base


@pytest.fixture
def extended() -> MetaData:
    """LitXplore's tables, and a project's own with a vector."""
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.sorted_tables:
        table.to_metadata(metadata)
    Table(
        "figures",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("shape", Vector(3)),
        Column("caption", String),
    )
    return metadata


def test_no_difference_writes_nothing(db: Database, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert create_revision(db, "Nothing new", tmp_path / "versions") is None
    assert not (tmp_path / "versions").exists()
    assert capfd.readouterr() == ("", "")


def test_an_empty_revision_is_written_when_asked_for(db: Database, tmp_path: Path) -> None:
    path = create_revision(db, "Backfill 'topics' & more", tmp_path, empty=True)
    assert path == tmp_path / "0013_backfill_topics_more.py"
    revision = Graph.read(tmp_path).head
    assert (revision.message, revision.follows) == ("Backfill 'topics' & more", ("0012_sources_full_text",))
    assert upgrade(db, directory=tmp_path).after == "0013_backfill_topics_more"
    assert create_revision(db, "Another one", tmp_path, empty=True) == tmp_path / "0014_another_one.py"


def test_a_vector_column_is_written_so_that_it_runs_there_and_back(
    db: Database, tmp_path: Path, extended: MetaData, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "a project's 100 %" / "versions"
    path = create_revision(db, "Add figures", directory, metadata=extended)
    assert path == directory / "0013_add_figures.py"
    assert path is not None
    text = path.read_text()
    assert "import pgvector.sqlalchemy" in text
    compile(text, str(path), "exec")
    before = fingerprint(db)
    upgrade(db, directory=directory)
    assert fingerprint(db)["column", "public.figures.shape"] == "public.vector(3)"
    downgrade(db, directory=directory)
    assert compare(before, fingerprint(db)) == ()
    assert capfd.readouterr() == ("", "")


def test_a_database_behind_is_refused(db: Database, tmp_path: Path) -> None:
    downgrade(db)
    with pytest.raises(Refused, match="is at revision 0011_growth, not at 0012_sources_full_text"):
        create_revision(db, "Too early", tmp_path)


@pytest.mark.parametrize("message", ["", "  ", "…"])
def test_a_message_without_a_word_is_refused(db: Database, tmp_path: Path, message: str) -> None:
    with pytest.raises(Refused, match="needs a message"):
        create_revision(db, message, tmp_path)


def test_a_directory_that_cannot_be_made_is_named(db: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationInvalid, match="cannot be written to"):
        create_revision(db, "Add figures", tmp_path / "file" / "versions", empty=True)
