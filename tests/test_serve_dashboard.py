"""litxdb serve's dashboard: what it shows, what never stands on it, and how a real browser draws it."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from litxdb import migrate
from litxdb.database import Database
from litxdb.serve import application
from litxdb.settings import Settings
from litxdb.snapshots import take
from tests.bed.backups import Shelf
from tests.bed.pages import parsed
from tests.bed.queueing import Queue
from tests.bed.requirement import require
from tests.bed.spare import spare
from tests.bed.statements import query
from tests.bed.urls import with_keywords
from tests.test_serve_health import PATIENCE_SECONDS, ask, listening

NASTY = "<script>alert(1)</script>\"&'ü%s{0}"


def looked_at(app: Any) -> str:
    """Ask for the page until there is one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while 'class="tiles"' not in (text := ask(app, "/")[2].decode()):
        assert 'http-equiv="refresh"' in text
        assert time.monotonic() < deadline, text
        time.sleep(0.05)
    return text


def section(page: str, name: str) -> str:
    """Return one section's text, without its tags."""
    found = re.search(rf'<section id="{name}".*?</section>', page, re.DOTALL)
    assert found, f"there is no section {name}"
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def tile(page: str, heading: str) -> tuple[str, str]:
    """Return a tile's level, and its words."""
    found = re.search(rf'<a class="tile (\w+)" href="#\w+"><span>{re.escape(heading)}</span>(.*?)</a>', page)
    assert found, f"there is no tile {heading}"
    return found[1], " ".join(re.sub(r"<[^>]+>", " ", found[2]).split())


class TestWhatItShows:
    def test_a_database_at_head(self, db: Database) -> None:
        page = looked_at(application(db))
        assert tile(page, "Schema") == ("ok", "at head 0012_sources_full_text")
        assert tile(page, "Locks")[0] == "ok"
        assert "public.literature_reviews" in section(page, "sizes")
        assert "Nobody waits for a lock." in section(page, "locks")
        assert "0012_sources_full_text Full-text index on sources" in section(page, "migrations")
        assert 'id="backups"' not in page, "none is configured"
        assert "answers" in page

    def test_looking_is_no_reason_to_warn_of_rollbacks(self, db: Database) -> None:
        counted = "select pg_stat_get_db_xact_rollback(oid) from pg_database where datname = current_database()"
        (before,) = query(db, counted)[0]
        looked_at(application(db))
        deadline = time.monotonic() + 1.5  # sessions report what they did as they end
        while time.monotonic() < deadline:
            assert query(db, counted)[0][0] == before

    def test_a_schema_that_is_behind(self, empty_db: Database) -> None:
        page = looked_at(application(empty_db))
        level, words = tile(page, "Schema")
        assert (level, words.split()[1]) == ("warn", "pending")
        assert "pending" in section(page, "migrations")

    def test_how_tables_grew(self, db: Database) -> None:
        take(db)
        query(db, "insert into system_state (key, value) select n::text, '1' from generate_series(1, 2000) n")
        take(db)
        page = looked_at(application(db))
        grown = section(page, "sizes")
        assert re.search(r"public\.system_state [\d.]+ kB (not analyzed|[\d,]+ rows) \+\d+ kB", grown), grown
        assert '<svg class="spark"' in page

    def test_who_waits_for_whom(self, db: Database) -> None:
        with Queue(str(db.settings.url)) as queue:
            queue.hold("lock users")
            queue.wait("select * from users where email = 'ada@example.org'")
            page = looked_at(application(db))
        assert tile(page, "Locks")[0] == "warn"
        assert "holds up 1" in section(page, "locks")
        assert "ada@example.org" not in page

    def test_backups_against_the_objectives(self, db: Database, tmp_path: Path) -> None:
        shelf = Shelf(db, tmp_path / "store")

        def page() -> str:
            with shelf.database() as here:
                return looked_at(application(here))

        assert tile(page(), "Backup") == ("crit", "there is none nothing that is proven to restore")
        shelf.add(hours=30, verified=True)
        old = page()
        assert tile(old, "Would be lost (RPO)") == ("crit", "30 h of 24 h since the newest that is proven")
        assert "restored in 1 min" in section(old, "backups")
        shelf.add(hours=6, verified=True)
        assert tile(page(), "Would be lost (RPO)")[0] == "ok"
        shelf.add(hours=2, verified=False)
        assert "does not restore" in section(page(), "backups")

    def test_replicas_and_slots_where_there_are_any(self, bed_directory: Path) -> None:
        with spare(bed_directory) as primary, Database(primary.url()) as db:
            page = looked_at(application(db))
            assert "replication" not in re.findall(r'(?:id="|href="#)(\w+)', page)
            with spare(bed_directory, like=primary):
                deadline = time.monotonic() + PATIENCE_SECONDS
                while query(db, "select state from pg_stat_replication") != [("streaming",)]:
                    assert time.monotonic() < deadline
                page = looked_at(application(db))
                assert tile(page, "Replication")[1].startswith("1 replica ")
                assert "replica walreceiver" in section(page, "replication")
                assert "async, streaming" in section(page, "replication")
            query(db, "select pg_create_physical_replication_slot('left_behind', true)")
            page = looked_at(application(db))
            assert tile(page, "Replication")[0] == "info"
            assert "slot left_behind" in section(page, "replication")
            assert "physical, inactive" in section(page, "replication")
            assert '<a href="#replication">' in page

    def test_revisions_of_long_ago_are_folded_away(self, db: Database) -> None:
        found = re.search(r'<section id="migrations".*?</section>', looked_at(application(db)), re.DOTALL)
        assert found
        newest, _, older = found[0].partition("<details>")
        assert newest.count("<li") == 5
        assert older.count("<li") == len(migrate.history(db)) - 5

    def test_a_part_that_cannot_be_seen_says_why(self, db: Database) -> None:
        query(db, "drop extension if exists pg_stat_statements")
        assert "pg_stat_statements" in section(looked_at(application(db)), "slow")

    def test_a_database_that_is_gone(self) -> None:
        with Database(settings=Settings.load("postgresql://ada:hidden-word@127.0.0.1:1/x?sslmode=disable")) as db:
            app = application(db)
            looked_at(app)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while "does not answer" not in (page := looked_at(app)):
                assert time.monotonic() < deadline
        assert "Connection refused" in page
        assert "There was no connection." in section(page, "sizes")
        assert "hidden-word" not in page


class TestWhatNeverStandsOnIt:
    def test_names_are_text(self, db: Database) -> None:
        quoted = '"' + NASTY.replace('"', '""').replace("%", "%%") + '"'
        query(db, f"create table {quoted} as select generate_series(1, 5000) n")
        url = with_keywords(str(db.settings.url), application_name="<b>app</b>")
        with closing(psycopg2.connect(url)):
            page = looked_at(application(db))
        parsed(page)
        assert "<script" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "&lt;b&gt;app&lt;/b&gt; as" in page

    def test_it_fetches_and_runs_nothing(self, db: Database) -> None:
        found = parsed(looked_at(application(db)))
        assert "script" not in found.tags
        assert {where.partition(":")[0] for where in found.outside if not where.startswith("#")} == {"data"}

    def test_its_policy_allows_its_own_style_alone(self, db: Database) -> None:
        app = application(db)
        looked_at(app)
        _, headers, body = ask(app, "/")
        style = re.search(r"<style>(.*?)</style>", body.decode(), re.DOTALL)
        assert style
        digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in headers["content-security-policy"]
        assert "style=" not in body.decode()

    def test_a_forgotten_tab_does_not_keep_neon_awake(self, db: Database) -> None:
        app = application(db, examine_seconds=900)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while 'http-equiv="refresh"' in looked_at(app):
            assert time.monotonic() < deadline
        assert 'content="60"' in looked_at(application(db))


@contextmanager
def chromium() -> Iterator[Any]:
    program = shutil.which("chromium")
    require(program, "Chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class TestInABrowser:
    def test_on_a_phone_and_on_a_desk_in_the_light_and_in_the_dark(self, db: Database) -> None:
        query(db, f'create table "{"a_very_long_name_" * 3}" as select generate_series(1, 5000) n')
        complaints: list[str] = []
        with listening(db) as url, chromium() as browser:
            for width, scheme in ((390, "light"), (1280, "dark")):
                tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
                tab.set_default_timeout(PATIENCE_SECONDS * 1000)
                tab.on("console", lambda message: complaints.append(message.text))
                tab.on("request", lambda request: complaints.append(request.url))
                tab.goto(url)
                tab.wait_for_selector(".tiles")  # the page comes by itself
                assert tab.evaluate("document.documentElement.scrollWidth") <= width
                red, *_ = re.findall(r"\d+", tab.evaluate("getComputedStyle(document.body).backgroundColor"))
                assert (int(red) > 128) is (scheme == "light")
                tab.click("a.tile[href='#sizes']")
                assert tab.evaluate("document.querySelector('#sizes').getBoundingClientRect().width") > 300
        assert [each for each in complaints if not each.startswith(("data:", url))] == []

    def test_without_javascript(self, db: Database) -> None:
        with listening(db) as url, chromium() as browser:
            tab = browser.new_context(java_script_enabled=False).new_page()
            tab.set_default_timeout(PATIENCE_SECONDS * 1000)
            tab.goto(url)
            tab.wait_for_selector(".tiles")
            tab.click("#checks summary >> nth=0")
            assert tab.locator("#checks details[open] td").count() > 0
