"""doctor's checks of the cache: the defect, the finding, the remedy, and it is gone."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from litxdb import doctor
from litxdb.database import Database
from litxdb.doctor import AREAS, Reason, Status
from litxdb.settings import Settings
from tests.bed.examining import findings, result
from tests.bed.faults import hang
from tests.bed.program import run
from tests.bed.proxy import Proxy
from tests.bed.redises import serving

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def beside(redis_url: str | None) -> Database:
    """Look at the cache alone: no PostgreSQL listens there."""
    return Database(settings=replace(Settings.load(NOWHERE), redis_url=redis_url))


def mend(finding: doctor.Finding, redis_url: str) -> None:
    """Apply a remedy as a person would: litxdb's own commands, and redis-cli's."""
    words = shlex.split(finding.remedy)
    if words[0] == "litxdb":
        assert run(*words[1:], "--yes", "--redis-url", redis_url).code == 0
    else:
        with Redis.from_url(redis_url) as client:
            client.execute_command(*words[1:])


def test_the_area_has_checks() -> None:
    assert {check.area for check in doctor.checklist()} == set(AREAS)


def test_without_a_cache_nothing_is_said() -> None:
    examined = doctor.examine(beside(None), only=["cache"])
    assert {each.reason for each in examined.results} == {Reason.NOT_APPLICABLE}


class TestCacheUnreachable:
    def test_nobody_listens(self, redis_url: str) -> None:
        db = beside("redis://ada:hidden-word@127.0.0.1:1/0")
        (finding,) = findings(db, "cache_unreachable").values()
        assert (finding.level, finding.object) == (Status.WARN, "redis://127.0.0.1:1/0")
        assert "hidden-word" not in str(finding)
        assert result(db, "old_cache_versions").reason is Reason.NOT_APPLICABLE
        assert findings(beside(redis_url), "cache_unreachable") == {}

    def test_without_the_client_it_says_what_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "redis", None)
        (found,) = doctor.examine(beside("redis://localhost"), only=["cache_unreachable"]).results
        assert (found.status, found.remedy) == (Status.SKIP, "pip install 'litxdb[cache]'")

    def test_it_hangs(self, fake_server: Callable[..., Proxy]) -> None:
        db = beside(f"redis://127.0.0.1:{fake_server(hang).port}")
        (found,) = doctor.examine(db, only=["cache_unreachable"], deadline_seconds=0.5).results
        assert (found.status, found.findings[0].level) == (Status.WARN, Status.WARN)

    def test_a_wrong_password(self, bed_directory: Path) -> None:
        with serving("redis", bed_directory, password="right-word") as running:
            (finding,) = findings(beside(f"redis://:wrong-word@127.0.0.1:{running.port}"), "cache_unreachable").values()
            assert "does not let us in" in finding.measured
            assert "wrong-word" not in str(finding)
            assert findings(beside(running.url), "cache_unreachable") == {}

    def test_a_url_that_is_none_is_the_check_s_answer(self) -> None:
        (found,) = doctor.examine(beside("http://x"), only=["cache_unreachable"]).results
        assert (found.status, found.detail) == (Status.ERROR, "REDIS_URL is no URL of a Redis server.")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("redis://ada:x@cache.example.com/1", ["REDIS_URL=rediss://cache.example.com:6379/1"]),
        ("rediss://cache.example.com", []),
    ],
)
def test_cache_unencrypted(url: str, found: list[str]) -> None:
    remedies = [finding.remedy.split()[0] for finding in findings(beside(url), "cache_unencrypted").values()]
    assert remedies == found


def test_on_this_machine_the_cache_needs_no_encryption() -> None:
    assert result(beside("redis://localhost"), "cache_unencrypted").reason is Reason.NOT_APPLICABLE


def test_cache_keys_without_ttl(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        client.set("somebody-else-s", "1")
        assert result(beside(redis_url), "cache_keys_without_ttl").reason is Reason.NOTHING_THERE
        client.set("search:q", "[]", ex=60)
        assert findings(beside(redis_url), "cache_keys_without_ttl") == {}
        client.set("search:p", "[]")
        found = findings(beside(redis_url), "cache_keys_without_ttl")
        assert {name: (each.level, each.value) for name, each in found.items()} == {"search": (Status.WARN, 1)}
        client.expire("search:p", 60)
    assert findings(beside(redis_url), "cache_keys_without_ttl") == {}


def test_old_cache_versions(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        client.set("version:analysis:development", 3)
        client.set("analysis:x:v3:development", "1", ex=60)
        assert findings(beside(redis_url), "old_cache_versions") == {}
        client.set("analysis:x:v2:development", "1", ex=60)
        client.set("analysis:x:v2:production", "1", ex=60)
    (finding,) = findings(beside(redis_url), "old_cache_versions").values()
    assert (finding.level, finding.measured) == (Status.INFO, "1 key below version 3")
    mend(finding, redis_url)
    assert findings(beside(redis_url), "old_cache_versions") == {}


def test_cache_memory_full(bed_directory: Path) -> None:
    with serving("redis", bed_directory) as running, running.client() as client:
        (finding,) = findings(beside(running.url), "cache_memory_full").values()
        assert (finding.level, finding.remedy) == (Status.INFO, "redis-cli config set maxmemory 256mb")
        mend(finding, running.url)
        assert findings(beside(running.url), "cache_memory_full") == {}
        client.config_set("maxmemory", client.info("memory")["used_memory"])
        (finding,) = findings(beside(running.url), "cache_memory_full").values()
        assert finding.level is Status.WARN
        mend(finding, running.url)
        assert findings(beside(running.url), "cache_memory_full") == {}


def test_low_cache_hit_rate(bed_directory: Path) -> None:
    def read(client: Any, key: str, times: int) -> None:
        with client.pipeline(transaction=False) as pipe:
            for _ in range(times):
                pipe.get(key)
            pipe.execute()

    with serving("redis", bed_directory) as running, running.client() as client:
        client.set("search:q", "1")
        read(client, "search:p", 900)
        assert result(beside(running.url), "low_cache_hit_rate").reason is Reason.COLD_STATISTICS
        read(client, "search:p", 100)
        (finding,) = findings(beside(running.url), "low_cache_hit_rate").values()
        assert (finding.level, finding.measured.split(" of ")[0]) == (Status.INFO, "0 %")
        read(client, "search:q", 2000)
        assert findings(beside(running.url), "low_cache_hit_rate") == {}
