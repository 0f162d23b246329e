"""Where settings come from, which goes first, and what is refused."""

from pathlib import Path

import pytest

from litxdb.errors import ConfigurationInvalid
from litxdb.settings import VARIABLES, Settings, default_home, default_state

OPTION, REAL, FILED = "postgresql://option/x", "postgresql://real/x", "postgresql://filed/x"


def write_env(directory: Path, *lines: str, mode: int = 0o600) -> None:
    file = directory / ".env"
    file.write_text("\n".join(lines) + "\n")
    file.chmod(mode)


def test_the_option_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    write_env(tmp_path, f"DATABASE_URL={FILED}")
    environ = {"DATABASE_URL": REAL}
    assert Settings.load(OPTION, environ, tmp_path).url == OPTION
    assert Settings.load(None, environ, tmp_path).url == REAL
    assert Settings.load(None, {}, tmp_path).url == FILED
    assert Settings.load(None, {}, tmp_path).source == "DATABASE_URL in .env"


def test_without_anything_no_place_is_named(tmp_path: Path) -> None:
    settings = Settings.load(None, {"PGUSER": "ada", "PGPASSWORD": "secret"}, tmp_path)
    assert settings.url is None
    assert not settings.names_a_place


@pytest.mark.parametrize("name", ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPORT"])
def test_libpq_variables_name_a_place(name: str, tmp_path: Path) -> None:
    assert Settings.load(None, {name: "1"}, tmp_path).names_a_place
    write_env(tmp_path, f"{name}=1")
    assert Settings.load(None, {}, tmp_path).names_a_place


@pytest.mark.parametrize("empty", ["", "  "])
def test_a_url_that_is_set_but_empty_is_an_error(empty: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="DATABASE_URL is set but empty"):
        Settings.load(None, {"DATABASE_URL": empty}, tmp_path)
    with pytest.raises(ConfigurationInvalid, match="--url is set but empty"):
        Settings.load(empty, {}, tmp_path)


def test_env_file_never_overrides_the_environment(tmp_path: Path) -> None:
    write_env(tmp_path, "LITXDB_ENV=production", "LITXDB_CONNECT_TIMEOUT=7")
    assert not Settings.load(None, {"LITXDB_ENV": "development"}, tmp_path).production
    assert Settings.load(None, {}, tmp_path).production
    assert Settings.load(None, {}, tmp_path).connect_timeout_seconds == 7


@pytest.mark.parametrize(
    ("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o644, True), (0o604, True)]
)
def test_an_env_file_that_others_can_read_is_warned_of(mode: int, warned: bool, tmp_path: Path) -> None:
    write_env(tmp_path, f"DATABASE_URL={FILED}", mode=mode)
    assert bool(Settings.load(None, {}, tmp_path).warnings) is warned


def test_an_env_file_that_is_not_text_says_so(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DATABASE_URL=\xff\xfe")
    with pytest.raises(ConfigurationInvalid, match="cannot be read"):
        Settings.load(None, {}, tmp_path)


@pytest.mark.parametrize(
    ("variables", "production"),
    [
        ({}, False),
        ({"LITXDB_ENV": "production"}, True),
        ({"LITXDB_ENV": "Production "}, True),
        ({"IS_PRODUCTION": "true"}, True),
        ({"IS_PRODUCTION": "1", "LITXDB_ENV": "development"}, True),
        ({"IS_PRODUCTION": "false", "LITXDB_ENV": "staging"}, False),
        ({"IS_PRODUCTION": ""}, False),
    ],
)
def test_production_is_what_either_variable_says(variables: dict[str, str], production: bool, tmp_path: Path) -> None:
    settings = Settings.load(None, variables, tmp_path)
    assert settings.production is production
    assert settings.connect_timeout_seconds == (30 if production else 10)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LITXDB_ENV", "prodution"),
        ("IS_PRODUCTION", "ja"),
        ("LITXDB_CONNECT_TIMEOUT", "soon"),
        ("LITXDB_CONNECT_TIMEOUT", "1"),
        ("LITXDB_RETRY_SECONDS", "-1"),
        ("LITXDB_RETRY_SECONDS", "nan"),
        ("LITXDB_RETRY_SECONDS", "inf"),
    ],
)
def test_a_value_that_makes_no_sense_is_an_error_that_names_it(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match=name):
        Settings.load(None, {name: value}, tmp_path)


@pytest.mark.parametrize(
    ("real", "filed", "option", "expected"),
    [
        ({"DATABASE_URL": "a", "DIRECT_DATABASE_URL": "b"}, {}, None, "b"),
        ({}, {"DATABASE_URL": "a", "DIRECT_DATABASE_URL": "b"}, None, "b"),
        ({"DATABASE_URL": "local"}, {"DIRECT_DATABASE_URL": "production"}, None, None),
        ({"DIRECT_DATABASE_URL": "production"}, {"DATABASE_URL": "local"}, None, None),
        ({"DATABASE_URL": "a", "DIRECT_DATABASE_URL": "production"}, {}, "local", None),
    ],
)
def test_the_direct_url_counts_only_beside_its_own_database_url(
    real: dict[str, str], filed: dict[str, str], option: str | None, expected: str | None, tmp_path: Path
) -> None:
    write_env(tmp_path, *(f"{name}={value}" for name, value in filed.items()))
    assert Settings.load(option, real, tmp_path).direct_url == expected


def test_repr_shows_no_url(tmp_path: Path) -> None:
    url = "postgresql://ada:hunter22@db/x"
    settings = Settings.load(
        None, {"DATABASE_URL": url, "DIRECT_DATABASE_URL": url, "PGPASSWORD": "hunter22"}, tmp_path
    )
    assert "hunter22" not in repr(settings)


def test_home_is_absolute_and_may_be_set(tmp_path: Path) -> None:
    assert Settings.load(None, {"LITXDB_HOME": str(tmp_path / "a b")}, tmp_path).home == tmp_path / "a b"
    assert Settings.load(None, {"LITXDB_HOME": "relative"}, tmp_path).home.is_absolute()
    assert default_home().is_absolute()


def test_the_state_directory_is_absolute_and_may_be_set(tmp_path: Path) -> None:
    assert Settings.load(None, {"LITXDB_STATE": "relative"}, tmp_path).state == Path.cwd() / "relative"
    assert Settings.load(None, {}, tmp_path).state == default_state()
    assert default_state().is_absolute()


def test_the_example_file_names_every_variable_and_no_other() -> None:
    example = (Path(__file__).parent.parent / ".env.example").read_text()
    named = {
        line.lstrip("# ").partition("=")[0]
        for line in example.splitlines()
        if "=" in line.partition(" ")[0] + line[:40]
    }
    assert {name for name in named if name.isupper()} == set(VARIABLES)


@pytest.mark.parametrize(
    "text", ['DATABASE_URL="postgresql://u:x@127.0.0.1:1/x\n', "DATABASE_URL\n", "DATABASE_URL: postgresql://db/x\n"]
)
def test_an_env_file_that_cannot_be_understood_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"# ours\n{text}")
    with pytest.raises(ConfigurationInvalid, match="cannot be understood from line 2"):
        Settings.load(None, {}, tmp_path)


def test_an_env_file_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigurationInvalid, match="cannot be read"):
        Settings.load(None, {}, tmp_path)


def test_a_directory_called_env_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert Settings.load(None, {}, tmp_path).url is None


def test_authorities_that_do_not_exist_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="SSL_CERT_FILE names /nope"):
        Settings.load(None, {"SSL_CERT_FILE": "/nope"}, tmp_path)
