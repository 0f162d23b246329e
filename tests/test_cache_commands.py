"""litxdb cache: what it shows, what it removes, what it asks, and what it refuses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from litxdb import cache
from litxdb.cache import CacheEndpoint, endpoint
from litxdb.errors import Exit
from litxdb.settings import Settings
from tests.bed.faults import hang, http
from tests.bed.program import Outcome
from tests.bed.proxy import Behaviour, Proxy
from tests.bed.redises import serving
from tests.bed.terminal import on_terminal

Run = Callable[..., Outcome]


@pytest.fixture
def raw(redis_url: str) -> Iterator[Redis]:
    """A Redis with a little of everything."""
    with Redis.from_url(redis_url) as client:
        for version, paper in ((1, "2307.1"), (2, "2307.1"), (2, "2307.12"), (2, "upload_a*b")):
            client.set(f"analysis:{paper}:v{version}:development", '{"x": 1}', ex=600)
        client.set("version:analysis:development", 2)
        client.set("analysis:2307.1:v1:production", "1", ex=600)
        client.set("in_depth:2307.1:v1:development", "1")
        client.set("vectorstore:2307.1", b"\xff" * 100_000, ex=600)
        client.set("search:2307.1", "[]", ex=600)
        client.set("lock:analysis:2307.1:v2:development", "somebody", px=60_000)
        client.set("celery-task-meta-1", "not ours")
        client.set(b"analysis:\xff\xfe:v2:development", "bytes", ex=600)
        yield client


def asked(run: Run, url: str, *words: str, **options: Any) -> Any:
    outcome = run("cache", *words, "--redis-url", url, "--format", "json", **options)
    assert outcome.code == Exit.DONE, outcome.stderr
    return outcome.json


def test_a_version_of_zero_is_an_old_one(run: Run, redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        client.set("analysis:2307.1:v0:development", "1", ex=600)
    (row,) = [each for each in asked(run, redis_url, "status")["rows"] if each["kind"] == "analysis"]
    assert (row["keys"], row["old_versions"]) == (1, 1)
    assert [each["old"] for each in asked(run, redis_url, "keys", "--old-versions")["rows"]] == [True]


def test_status(run: Run, redis_url: str, raw: Redis) -> None:
    raw.get("nothing there")
    raw.get("search:2307.1")
    status = asked(run, redis_url, "status")
    rows = {row["kind"]: row for row in status["rows"]}
    counted = {kind: (row["keys"], row["without_ttl"], row["old_versions"]) for kind, row in rows.items()}
    assert counted == {
        "analysis": (6, 0, 1),
        "in_depth": (1, 1, 0),
        "key_insights": (0, 0, 0),
        "vectorstore": (1, 0, 0),
        "search": (1, 0, 0),
        "others": (1, 1, 0),
    }
    assert (rows["analysis"]["version"], rows["in_depth"]["version"], rows["search"]["version"]) == (2, 1, None)
    assert rows["vectorstore"]["bytes"] > 100_000
    assert 0 < status["hit_percent"] < 100
    assert status["server"].split()[0] in ("Redis", "Valkey")
    shown = run("cache", "status", "--redis-url", redis_url).stdout
    assert "1 key of old versions: litxdb cache purge --old-versions" in " ".join(shown.split())


def test_keys(run: Run, redis_url: str, raw: Redis) -> None:
    keys = [row["key"] for row in asked(run, redis_url, "keys")["rows"]]
    assert keys[0] == "vectorstore:2307.1"
    assert set(keys[1:]) >= {"analysis:upload_a*b:v2:development", "analysis:\\xff\\xfe:v2:development"}
    assert not any(key.startswith(("lock:", "version:", "celery")) for key in keys)
    (old,) = asked(run, redis_url, "keys", "--old-versions")["rows"]
    assert old["key"] == "analysis:2307.1:v1:development"
    (eternal,) = asked(run, redis_url, "keys", "--without-ttl")["rows"]
    assert (eternal["key"], eternal["ttl_seconds"]) == ("in_depth:2307.1:v1:development", None)
    assert len(asked(run, redis_url, "keys", "--kind", "analysis", "--limit", "2")["rows"]) == 2
    assert run("cache", "keys", "--kind", "analyses", "--redis-url", redis_url).code == Exit.USAGE


def test_invalidating_a_paper(run: Run, redis_url: str, raw: Redis) -> None:
    words = ("invalidate", "--paper", "2307.1")
    before = set(raw.keys())
    planned = asked(run, redis_url, *words, "--dry-run")
    assert {row["kind"]: row["removed"] for row in planned["rows"]} == {"analysis": 2, "in_depth": 1, "vectorstore": 1}
    assert set(raw.keys()) == before
    assert asked(run, redis_url, *words, "--yes")["rows"] == planned["rows"]
    assert before - set(raw.keys()) == {
        b"analysis:2307.1:v1:development",
        b"analysis:2307.1:v2:development",
        b"lock:analysis:2307.1:v2:development",
        b"in_depth:2307.1:v1:development",
        b"vectorstore:2307.1",
    }


@pytest.mark.parametrize(
    "paper", ["*", "2307.?", "[2]307.1", "upload_a?b", "\\*", "'; drop table papers; --", "%", "ü\n"]
)
def test_a_paper_is_no_pattern(paper: str, run: Run, redis_url: str, raw: Redis) -> None:
    before = set(raw.keys())
    assert asked(run, redis_url, "invalidate", "--paper", paper, "--yes")["rows"] == []
    assert set(raw.keys()) == before


def test_a_paper_with_the_characters_of_a_pattern(run: Run, redis_url: str, raw: Redis) -> None:
    assert asked(run, redis_url, "invalidate", "--paper", "upload_a*b", "--yes")["rows"] == [
        {"kind": "analysis", "removed": 1}
    ]


def test_invalidating_a_pattern_leaves_other_programs_and_environments_alone(
    run: Run, redis_url: str, raw: Redis
) -> None:
    asked(run, redis_url, "invalidate", "--pattern", "*", "--yes")
    assert set(raw.keys()) == {
        b"celery-task-meta-1",
        b"version:analysis:development",
        b"analysis:2307.1:v1:production",
    }


def test_a_version_goes_above_all_that_were(run: Run, redis_url: str, raw: Redis) -> None:
    assert asked(run, redis_url, "invalidate", "--bump", "analysis", "--dry-run")["version"] == 3
    raw.set("version:analysis:development", "garbage")
    done = asked(run, redis_url, "invalidate", "--bump", "analysis", "--yes")
    assert (done["version"], done["rows"]) == (3, [{"kind": "analysis", "removed": 5}])
    raw.delete("version:analysis:development")
    raw.set("analysis:2307.1:v7:development", "1", ex=600)
    assert asked(run, redis_url, "invalidate", "--bump", "analysis", "--yes")["version"] == 8
    assert raw.get("version:analysis:development") == b"8"
    assert raw.exists("analysis:2307.1:v1:production")


def test_purge(run: Run, redis_url: str, raw: Redis) -> None:
    assert asked(run, redis_url, "purge", "--old-versions", "--yes")["rows"] == [{"kind": "analysis", "removed": 1}]
    assert asked(run, redis_url, "purge", "--kind", "search", "--yes")["rows"] == [{"kind": "search", "removed": 1}]
    assert sum(row["removed"] for row in asked(run, redis_url, "purge", "--yes")["rows"]) == 6
    assert raw.exists("celery-task-meta-1", "analysis:2307.1:v1:production") == 2


@pytest.mark.parametrize("words", [("purge",), ("invalidate", "--pattern", "*"), ("invalidate", "--bump", "analysis")])
def test_without_consent_nothing_is_removed(words: tuple[str, ...], run: Run, redis_url: str, raw: Redis) -> None:
    before = {key: raw.get(key) for key in raw.keys()}  # noqa: SIM118 - no dict
    outcome = run("cache", *words, "--redis-url", redis_url)
    assert (outcome.code, outcome.stdout) == (Exit.REFUSED, "")
    assert "This removes" in outcome.stderr
    assert {key: raw.get(key) for key in raw.keys()} == before  # noqa: SIM118


@pytest.mark.parametrize(
    ("environment", "answer", "removed"),
    [("development", "n", 0), ("development", "y", 1), ("production", "y", 0), ("production", "production", 1)],
)
def test_a_person_is_asked(
    environment: str, answer: str, removed: int, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITXDB_ENV", environment)
    with Redis.from_url(redis_url) as client:
        client.set("search:q", "1", ex=600)
        words = ("cache", "purge", "--redis-url", redis_url)
        shown = on_terminal(*words, columns=200, answers=f"{answer}\n")
        assert "This removes 1 key" in shown.plain
        assert shown.code == (Exit.DONE if removed else Exit.REFUSED)
        assert client.exists("search:q") == 1 - removed


def test_many_keys(run: Run, redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        for start in range(0, 20_000, 1000):
            client.mset({f"search:{number}": "[]" for number in range(start, start + 1000)})
    assert asked(run, redis_url, "invalidate", "--pattern", "search:*9", "--yes")["rows"] == [
        {"kind": "search", "removed": 2000}
    ]


def test_an_empty_cache(run: Run, redis_url: str) -> None:
    assert asked(run, redis_url, "purge")["rows"] == []
    assert asked(run, redis_url, "keys")["rows"] == []
    assert "0 keys removed" in run("cache", "purge", "--redis-url", redis_url).stdout


@pytest.mark.parametrize(
    "words",
    [(), ("--paper", "x", "--pattern", "y"), ("--paper", ""), ("--pattern", ""), ("--bump", "search"), ("--bump", "")],
)
def test_what_cannot_be_meant(words: tuple[str, ...], run: Run, redis_url: str) -> None:
    assert run("cache", "invalidate", *words, "--redis-url", redis_url).code == Exit.USAGE


class TestWithoutAnAnswer:
    def test_no_url(self, run: Run) -> None:
        outcome = run("cache", "status")
        assert outcome.code == Exit.CONFIGURATION
        assert "REDIS_URL is not set" in outcome.stderr
        assert run("cache", "status", "--redis-url", "").code == Exit.CONFIGURATION

    def test_without_the_client(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "redis", None)
        outcome = run("cache", "status", "--redis-url", "redis://localhost")
        assert outcome.code == Exit.TOOL
        assert "pip install 'litxdb[cache]'" in outcome.stderr

    def test_the_variable_and_the_file(self, run: Run, redis_url: str, tmp_path: Path) -> None:
        assert run("cache", "status", env={"REDIS_URL": redis_url}).code == Exit.DONE
        (tmp_path / "work" / ".env").write_text(f"REDIS_URL={redis_url}\n")
        (tmp_path / "work" / ".env").chmod(0o600)
        assert run("cache", "status").code == Exit.DONE

    def test_nobody_listens(self, run: Run) -> None:
        outcome = run("cache", "status", "--redis-url", "redis://ada:hidden-word@127.0.0.1:1/0")
        assert outcome.code == Exit.CONNECTION
        assert "127.0.0.1:1" in outcome.stderr
        assert "hidden-word" not in outcome.stderr

    @pytest.mark.parametrize("fault", [hang, http], ids=lambda fault: fault.__name__)
    def test_no_redis(
        self, fault: Behaviour, run: Run, fake_server: Callable[..., Proxy], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(endpoint, "PATIENCE_SECONDS", 0.2)
        url = f"redis://127.0.0.1:{fake_server(fault).port}"
        outcome = run("cache", "status", "--redis-url", url)
        assert outcome.code == Exit.CONNECTION
        assert "does not answer as Redis does" in outcome.stderr

    @pytest.mark.parametrize("url", ["http://x", "redis://", "redis://:hidden-word@/one", "redis://x/one", "unix://"])
    def test_a_url_that_is_none(self, url: str, run: Run) -> None:
        outcome = run("cache", "status", "--redis-url", url)
        assert outcome.code == Exit.CONFIGURATION
        assert "REDIS_URL is no URL of a Redis server." in outcome.stderr
        assert "hidden-word" not in outcome.stderr

    def test_without_a_host_it_is_this_machine(self) -> None:
        found = CacheEndpoint.locate(Settings(redis_url="redis://:hidden-word@/7"))
        assert (str(found), found.is_local) == ("redis://localhost:6379/7", True)

    def test_a_wrong_password(self, run: Run, bed_directory: Path) -> None:
        with serving("redis", bed_directory, password="right-word") as running:
            for url in (f"redis://:wrong-word@127.0.0.1:{running.port}", f"redis://127.0.0.1:{running.port}"):
                outcome = run("cache", "status", "--redis-url", url)
                assert outcome.code == Exit.CONNECTION
                assert "does not let us in" in outcome.stderr
                assert "wrong-word" not in outcome.stderr
                assert ("it wants a password." in outcome.stderr) is ("@" not in url)
                assert ".." not in outcome.stderr
            debugged = run("--debug", "cache", "status", "--redis-url", running.url)
            assert debugged.code == Exit.DONE
            assert "right-word" not in debugged.stdout + debugged.stderr

    def test_a_role_that_may_not(self, run: Run, bed_directory: Path) -> None:
        with serving("redis", bed_directory) as running, running.client() as raw:
            raw.execute_command(
                "ACL", "SETUSER", "reader", "on", ">plain-word", "~*", "+@read", "+ping", "-memory", "-keys"
            )
            raw.set("search:q", "1")
            url = f"redis://reader:plain-word@127.0.0.1:{running.port}"
            status = asked(run, url, "status")
            assert status["hit_percent"] is None
            assert {row["kind"]: row["bytes"] for row in status["rows"]}["search"] is None
            assert run("cache", "purge", "--redis-url", url, "--yes").code == Exit.SERVER
            assert raw.exists("search:q")


def test_production_has_entries_of_its_own(redis_url: str, raw: Redis) -> None:
    there = CacheEndpoint.locate(Settings.load(environ={"REDIS_URL": redis_url, "LITXDB_ENV": "production"}))
    assert there.environment == "production"
    assert cache.invalidate_paper(there, "2307.1").removed == {"analysis": 1, "vectorstore": 1}


def test_a_key_cannot_colour_the_screen(run: Run, redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        client.set("search:\x1b[31m\n[bold]x", "1")
    outcome = run("cache", "keys", "--redis-url", redis_url)
    assert "search:\\x1b[31m\\n[bold]x" in outcome.stdout
