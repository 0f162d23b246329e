"""Where an Alembic project is: found by what its people have, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.errors import ConfigurationInvalid
from litxdb.migrate import find_project, status
from tests.bed.projects import Writer


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "a project of ours")


def test_it_is_found_by_its_directory_its_configuration_or_its_scripts(write: Writer, empty_db: Database) -> None:
    place = write()
    write.revision("a", None)
    (place / "pyproject.toml").write_text("[tool.ruff]\nline-length = 120\n")
    for path in (place, place / "alembic.ini"):
        assert find_project(path, empty_db).script_location == place / "scripts"
    (place / "alembic.ini").unlink()
    (place / "pyproject.toml").write_text(
        '[project]\nname = "ours"\n[tool.alembic]\nscript_location = "%(here)s/scripts"\n'
    )
    for path in (place, place / "pyproject.toml"):
        found = find_project(path, empty_db)
        assert (found.name, found.version_locations) == ("ours", (place / "scripts" / "versions",))
    assert find_project(place / "scripts", empty_db).script_location == place / "scripts"


def test_a_pyproject_says_where_it_is(write: Writer, empty_db: Database, tmp_path: Path) -> None:
    place = write()
    write.revision("a", None)
    for target in (place.name, f"{place.name}/alembic.ini"):
        (tmp_path / "pyproject.toml").write_text(f'[tool.litxdb]\nproject = "{target}"\n')
        assert find_project(tmp_path, empty_db).directory == place.resolve()


def test_a_script_location_counted_from_further_up(write: Writer, empty_db: Database) -> None:
    place = write()
    write.revision("a", None)
    (place / "alembic.ini").rename(place / "scripts" / "alembic.ini")
    assert find_project(place / "scripts", empty_db).directory == place


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "There is no Alembic project in"),
        ({"pyproject.toml": "[tool.alembic"}, "pyproject.toml cannot be read"),
        ({"alembic.ini": "[alembic]\nscript_location = nowhere\n"}, "has no env.py in nowhere"),
    ],
)
def test_what_is_no_project_is_refused(empty_db: Database, tmp_path: Path, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationInvalid, match=message):
        find_project(tmp_path, empty_db)


def test_a_project_without_revisions_is_refused(write: Writer, empty_db: Database) -> None:
    with pytest.raises(ConfigurationInvalid, match="has no revisions in"):
        status(empty_db, project=find_project(write(), empty_db))
