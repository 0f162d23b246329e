"""What a person may write as a database's place, and what becomes of it."""

from pathlib import Path

import pytest

from litxdb.database.endpoint import Endpoint, parse
from litxdb.database.libpq import complete
from litxdb.database.locating import direct
from litxdb.errors import ConfigurationInvalid
from litxdb.redaction import redact
from litxdb.settings import Settings


def endpoint(text: str) -> Endpoint:
    return Endpoint(complete(parse(text, "--url"), {}, "--url"), "--url")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres://ada:pw@db/litx", {"user": "ada", "password": "pw", "host": "db", "dbname": "litx"}),
        ("postgresql://ada@db:6543/litx", {"user": "ada", "host": "db", "port": "6543", "dbname": "litx"}),
        ("postgresql+psycopg2://ada@db/litx", {"user": "ada", "host": "db", "dbname": "litx"}),
        ("postgresql+asyncpg://ada@db/litx", {"user": "ada", "host": "db", "dbname": "litx"}),
        ("POSTGRESQL://db/litx", {"host": "db", "dbname": "litx"}),
        ("host=db dbname=litx password='o p'", {"host": "db", "dbname": "litx", "password": "o p"}),
        ("postgresql:///litx?host=/run/pg", {"host": "/run/pg", "dbname": "litx"}),
        ("postgresql://%2Frun%2Fpg/litx", {"host": "/run/pg", "dbname": "litx"}),
        (
            "postgresql://ada:p%40%2F%23%25%0A%27@db/litx",
            {"user": "ada", "password": "p@/#%\n'", "host": "db", "dbname": "litx"},
        ),
        ("postgresql://ada:it's\nme@db/litx", {"user": "ada", "password": "it's\nme", "host": "db", "dbname": "litx"}),
        ("postgresql://[::1]:5433/litx", {"host": "::1", "port": "5433", "dbname": "litx"}),
        ("postgresql://a:1,b:2/litx", {"host": "a,b", "port": "1,2", "dbname": "litx"}),
        (
            "postgresql://db/litx?sslmode=verify-full&channel_binding=require&sslrootcert=/ca.pem",
            {
                "host": "db",
                "dbname": "litx",
                "sslmode": "verify-full",
                "channel_binding": "require",
                "sslrootcert": "/ca.pem",
            },
        ),
    ],
)
def test_accepted(text: str, expected: dict[str, str]) -> None:
    assert endpoint(text).parameters == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sqlite:///litx.db", "is a sqlite URL"),
        ("mysql://ada:hunter22@db/litx", "is a mysql URL"),
        ("mysql+pymysql://ada:hunter22@db/litx", "is a mysql URL"),
        ("garbage", "not a PostgreSQL URL"),
        ("postgresql://ada:hunter22/x@db/litx", "port"),
        ("postgresql://ada:hunt@er22@db/litx", "host name"),
        ("postgresql://ada:hunter22%zz@db/litx", "not a valid"),
        ("postgresql://db/litx?foo=bar", "knows no option 'foo'"),
        ("postgresql://db:99999/litx", "port"),
        ("postgresql://db:abc/litx", "port"),
        ("postgresql://my db/litx", "host name"),
        ("postgresql://db/litx\0x", "NUL"),
        ("postgresql://", "names no host"),
        ("host=db password=hunter22 foo", "not a valid"),
    ],
)
def test_refused_in_one_clear_sentence_without_the_password(text: str, says: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=says) as caught:
        endpoint(text)
    shown = redact(f"{caught.value.message} {caught.value.hint}")
    assert not any(part in shown for part in ("hunter22", "hunt", "er22"))


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ada:hunter22@db:5432/litx",
        "host=db port=5432 user=ada password=hunter22 dbname=litx",
    ],
)
def test_a_person_sees_everything_but_the_password(text: str) -> None:
    assert str(endpoint(text)) == "postgresql://ada@db:5432/litx"
    assert "hunter22" not in repr(endpoint(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://a:1,b:2/x", "postgresql://a:1,b:2/x"),
        ("postgresql://a,b:2/x", "postgresql://a,b:2/x"),
        ("host=a,b port=7 dbname=x", "postgresql://a:7,b:7/x"),
        ("postgresql://[::1]:5433/x", "postgresql://[::1]:5433/x"),
        ("postgresql:///x?host=/run/pg&port=7", "postgresql:///x?host=/run/pg&port=7"),
        ("dbname=x", "postgresql:///x"),
    ],
)
def test_shown(text: str, shown: str) -> None:
    assert str(endpoint(text)) == shown


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("postgresql:///x", True),
        ("postgresql:///x?host=/run/pg", True),
        ("postgresql://localhost/x", True),
        ("postgresql://127.0.0.53/x", True),
        ("postgresql://[::1]/x", True),
        ("postgresql://db/x", False),
        ("postgresql://10.0.0.1/x", False),
        ("postgresql://localhost,db/x", False),
        ("postgresql://localhost.evil.example/x", False),
        ("postgresql://db/x?hostaddr=127.0.0.1", False),
    ],
)
def test_local_is_this_machine_only(text: str, local: bool) -> None:
    assert endpoint(text).is_local is local


NEON = "ep-cool-darkness-123456{}.us-east-2.aws.neon.tech"


def test_neon_has_a_direct_twin() -> None:
    pooled = endpoint(f"postgresql://ada:pw@{NEON.format('-pooler')}/x?sslmode=require")
    assert pooled.is_neon_pooler
    twin = pooled.without_neon_pooler()
    assert twin.hosts == (NEON.format(""),)
    assert not twin.is_neon_pooler
    assert twin.parameters["sslmode"] == "require"


@pytest.mark.parametrize("host", ["db-pooler.example.com", "neon.tech.example.com", NEON.format("")])
def test_other_hosts_keep_their_names(host: str) -> None:
    assert endpoint(f"postgresql://{host}/x").without_neon_pooler().hosts == (host,)


def test_the_direct_url_goes_before_neons_twin() -> None:
    settings = Settings(direct_url="postgresql://straight/x")
    assert direct(endpoint(f"postgresql://{NEON.format('-pooler')}/x"), settings).hosts == ("straight",)


def test_a_direct_url_to_another_database_is_an_error() -> None:
    with pytest.raises(ConfigurationInvalid, match="database y, DATABASE_URL the database x"):
        direct(endpoint("postgresql://db/x"), Settings(direct_url="postgresql://db/y"))


def test_the_service_file_fills_in_and_the_url_wins(tmp_path: Path) -> None:
    file = tmp_path / "services.conf"
    file.write_text("# ours\n[litx]\nhost=served\nport=7\ndbname=x\npassword=hunter22\n")
    variables = {"PGSERVICEFILE": str(file), "PGHOST": "environment", "PGUSER": "ada"}
    parameters = complete(parse("service=litx port=8", "--url"), variables, "--url")
    assert parameters == {"host": "served", "port": "8", "dbname": "x", "password": "hunter22", "user": "ada"}
    assert complete({}, {**variables, "PGSERVICE": "litx"}, "libpq")["host"] == "served"
    assert redact("hunter22") == "***"


def test_a_value_that_libpq_does_not_know_is_a_configuration_error() -> None:
    from litxdb.database import Database

    settings = Settings(url="postgresql://127.0.0.1:1/x?channel_binding=bogus", source="--url", retry_seconds=0)
    with Database(settings=settings) as db, pytest.raises(ConfigurationInvalid, match="unknown channel_binding"):
        db.connect()


def test_a_service_that_is_nowhere_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match='The service "litx"'):
        complete(parse("service=litx", "--url"), {"PGSERVICEFILE": str(tmp_path / "none")}, "--url")


def test_libpq_variables_fill_what_the_url_leaves_open() -> None:
    parameters = complete(parse("postgresql://db/x", "--url"), {"PGHOST": "other", "PGUSER": "ada"}, "--url")
    assert parameters == {"host": "db", "dbname": "x", "user": "ada"}
