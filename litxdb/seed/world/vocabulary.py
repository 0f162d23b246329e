"""The words of a world: topics, sentences with places for their words, and names."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from litxdb.seed.world.draws import Draw

SLOTS = ("method", "task", "setting", "obstacle", "data", "measure")
PLAIN = str.maketrans("áãçéëíóöøúü", "aaceeiooouu")


@dataclass(frozen=True)
class Topic:
    """A field of research, with its words by their kind: `words["method"]` are its methods."""

    number: int
    name: str
    category: str
    words: dict[str, tuple[str, ...]]


Words = dict[str, str]
"""What stands in the places of a sentence: "task", and "Task" with a capital."""


@functools.cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("litxdb.seed.world").joinpath(f"{name}.toml").read_text(encoding="utf-8"))


@functools.cache
def topics() -> tuple[Topic, ...]:
    """Return all fields of research."""
    return tuple(
        Topic(
            number,
            each["name"],
            each["category"],
            {
                "finding": tuple(each["findings"]),
                **{slot: tuple(each[slot if slot == "data" else f"{slot}s"]) for slot in SLOTS},
            },
        )
        for number, each in enumerate(_read("topics")["topic"])
    )


@functools.cache
def sentences(section: str, name: str) -> tuple[Any, ...]:
    """Return the sentences of that name in prose.toml."""
    return tuple(_read("prose")[section][name])


@functools.cache
def given_names() -> tuple[str, ...]:
    """Return the given names."""
    return tuple(_read("names")["given"])


@functools.cache
def family_names() -> tuple[str, ...]:
    """Return the family names."""
    return tuple(_read("names")["family"])


def plain(name: str) -> str:
    """Write a name as in an e-mail address.

    >>> plain("Sørensen")
    'sorensen'
    """
    return name.lower().translate(PLAIN)


class Speaker:
    """Chooses the words of a table's rows."""

    def __init__(self, seed: str, table: str) -> None:
        self._words = Draw(seed, table, "words")
        self._more = Draw(seed, table, "more words")

    def words(self, topic: Topic, row: int) -> Words:
        """Choose what the row is about, within a topic; the words of a kind that come twice differ."""
        number, more = self._words(row), self._more(row)
        chosen = {"topic": topic.name}
        for slot in (*SLOTS, "finding"):
            number, place = divmod(number, len(topic.words[slot]))
            chosen[slot] = topic.words[slot][place]
            if slot in ("method", "setting"):
                count = len(topic.words[slot])
                more, step = divmod(more, count - 1)
                chosen[f"{slot}2"] = topic.words[slot][(place + 1 + step) % count]
        more, percent = divmod(more, 240)
        chosen |= {"percent": f"{2 + percent / 10:.1f}", "repeats": str(3 + more % 8)}
        return chosen | {name.capitalize(): word[0].upper() + word[1:] for name, word in chosen.items()}


def say(choice: tuple[str, ...], number: int, words: Words) -> str:
    """Choose a sentence by a number, and fill its places."""
    return choice[number % len(choice)].format_map(words)
