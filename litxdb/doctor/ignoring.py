"""Findings that somebody lives with: which they are, and until when."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from litxdb.doctor.results import Finding


@dataclass(frozen=True)
class Ignore:
    """One entry of the file of them, which begins in this line; `until` is the last day on which it counts."""

    key: str
    reason: str
    until: date | None = None
    line: int = 0

    def expired(self, today: date) -> bool:
        """Tell whether it counts no more."""
        return self.until is not None and self.until < today

    def matches(self, key: str) -> bool:
        """Tell whether it means the finding of this key.

        >>> Ignore("unused_index:public.*", "").matches("unused_index:public.ix")
        True
        >>> Ignore("unused_index", "").matches("unused_index:public.ix[1]")
        True
        >>> Ignore("unused_index:ix[1]", "").matches("unused_index:ix1")
        False
        """
        pattern = self.key if ":" in self.key else f"{self.key}:*"
        return fnmatch.fnmatchcase(key, pattern.replace("[", "[[]"))


def sift(
    findings: Iterable[Finding], ignores: Sequence[Ignore], today: date
) -> tuple[tuple[Finding, ...], tuple[tuple[Finding, Ignore], ...]]:
    """Return the findings that count, and those that do not, each with the entry that says so."""
    counted: list[Finding] = []
    ignored: list[tuple[Finding, Ignore]] = []
    for finding in findings:
        entry = next((each for each in ignores if not each.expired(today) and each.matches(finding.key)), None)
        if entry:
            ignored.append((finding, entry))
        else:
            counted.append(finding)
    return tuple(counted), tuple(ignored)
