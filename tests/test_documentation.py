"""The documentation against what it speaks of: its links lead somewhere, and the commands in it are ours."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from litxdb.settings import VARIABLES
from tests.test_cli import COMMANDS

ROOT = Path(__file__).parent.parent
PAGES = {str(path.relative_to(ROOT)): path.read_text() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]}
TYPED = re.compile(r"(?:`|&& |^ {4,}(?:\$ )?)litxdb (?:--debug )?([a-z][^`#&|\n]*)", re.MULTILINE)
"""A command of ours, where code begins or goes on."""

IMPORTED = re.compile(r"^ *(from litxdb[\w.]* import .+)$", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", PAGES[page]):
        file, _, anchor = link.partition("#")
        target = (ROOT / page).parent / file if file else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_there_with_their_options(page: str) -> None:
    for line in TYPED.findall(PAGES[page]):
        words = tuple(itertools.takewhile(re.compile(r"[a-z-]+").fullmatch, line.split()))
        named = [name for name in COMMANDS if name == words[: len(name)]]
        assert named or any(words == name[: len(words)] for name in COMMANDS), line
        for name in named:
            options = {option for each in COMMANDS[name].params for option in (*each.opts, *each.secondary_opts)}
            assert set(re.findall(r"(?<!\S)\[?(--[a-z-]+)", line)) <= options | {"--help"}, line


def test_readme_names_every_variable_and_no_other() -> None:
    assert set(VARIABLES) <= set(re.findall(r"`([A-Z_]+)[`=]", PAGES["README.md"]))
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", PAGES["README.md"], re.MULTILINE)) <= set(VARIABLES)


@pytest.mark.parametrize("line", sorted({line for text in PAGES.values() for line in IMPORTED.findall(text)}))
def test_what_an_example_imports_is_there(line: str) -> None:
    exec(line, {})
