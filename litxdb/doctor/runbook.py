"""The runbook: what to do about each kind of trouble, and the page of every check, out of the text of the checks."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from litxdb.doctor.check import AREAS, Check
from litxdb.doctor.checklist import checklist, unknown

TROUBLES = (
    "connection-trouble",
    "migration-trouble",
    "slow-queries",
    "pool-exhaustion",
    "vector-index-trouble",
    "cache-trouble",
)
"""The runbooks, in the order of the book; each is a file in runbooks/."""

INTRODUCTION = """\
# Runbook

What to do when the database of LitXplore makes trouble. `litxdb doctor` says what is wrong and what to type; this is
the same text to read at leisure, and `litxdb doctor --explain NAME` prints a page of it. Written by `make runbook` from
the checks themselves: change it there.
"""


@dataclass(frozen=True)
class Runbook:
    """What to do about one kind of trouble: a text in Markdown, its first line the title."""

    name: str
    text: str

    @property
    def title(self) -> str:
        """The text's first line."""
        return self.text.partition("\n")[0].removeprefix("# ")


@functools.cache
def runbooks() -> tuple[Runbook, ...]:
    """Return all runbooks."""
    folder = files("litxdb.doctor").joinpath("runbooks")
    return tuple(Runbook(name, folder.joinpath(f"{name}.md").read_text(encoding="utf-8")) for name in TROUBLES)


def look_up(name: str) -> Runbook | Check:
    """Return the runbook or the check of this name, dashes or underscores; UnknownCheck with the nearest if none."""
    wanted = name.replace("_", "-")
    pages: tuple[Runbook | Check, ...] = (*runbooks(), *checklist())
    for page in pages:
        if wanted == (page.name if isinstance(page, Runbook) else page.id.replace("_", "-")):
            return page
    raise unknown(name, TROUBLES)


def facts(check: Check) -> dict[str, str]:
    """Return what a check declares beside its page, in the words of the page."""
    declared = check.declaration
    return {
        "area": AREAS[check.area],
        "limits": declared.threshold,
        "remedy": declared.remedy,
        "fix": declared.fix.value,
        "lock": declared.lock,
        "needs": ", ".join(declared.needs) or "nothing but to log in",
        "runs": f"with --{declared.tier}"
        if declared.tier != "fast"
        else "always" + (", --triage too" * declared.triage),
    }


def book() -> str:
    """Return the whole runbook in Markdown: docs/runbook.md."""
    return "\n".join((INTRODUCTION, *(_deeper(each.text) for each in runbooks()), *_areas()))


def _areas() -> Iterator[str]:
    for area, heading in AREAS.items():
        checks = [check for check in checklist() if check.area == area]
        if checks:
            yield f"## {heading}\n"
            yield from map(_page, checks)


def _page(check: Check) -> str:
    known = facts(check)
    listed = "\n".join(
        f"- {name}: {_code(known[name]) if name == 'remedy' else known[name]}" for name in list(known)[1:]
    )
    return f"### {check.id}\n\n{check.title}.\n\n{check.page}\n\n{listed}\n"


def _code(text: str) -> str:
    """Write text as code in Markdown, on one line.

    >>> _code("analyze t"), _code("a `b`")
    ('`analyze t`', '`` a `b` ``')
    """
    line = " ".join(text.split())
    return f"`` {line} ``" if "`" in line else f"`{line}`"


def _deeper(text: str) -> str:
    """Lower every heading by one level.

    >>> _deeper("# A\\n\\n    # no heading\\n## B\\n")
    '## A\\n\\n    # no heading\\n### B\\n'
    """
    return "".join(f"#{line}" if line.startswith("#") else line for line in text.splitlines(keepends=True))
