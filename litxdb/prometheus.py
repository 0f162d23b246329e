"""Prometheus' text format, for whoever has figures: doctor's file, and what litxdb serve answers.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Sample = tuple[Mapping[str, str], float]
Family = tuple[str, str, Iterable[Sample]]
"""A metric's name, what it is, and its values by label."""


def exposition(prefix: str, families: Iterable[Family], database: str) -> str:
    """Write metrics, each a gauge whose name begins with the prefix; every sample names the database.

    >>> print(exposition("litxdb_", [("up", "Whether it is.", [({"kind": "x"}, 1)])], "litx"), end="")
    # HELP litxdb_up Whether it is.
    # TYPE litxdb_up gauge
    litxdb_up{database="litx",kind="x"} 1
    """
    return "".join(_family(f"{prefix}{name}", about, samples, database) for name, about, samples in families)


def _family(name: str, about: str, samples: Iterable[Sample], database: str) -> str:
    lines = [f"# HELP {name} {about}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in {"database": database, **labels}.items())
        lines.append(f"{name}{{{shown}}} {value:.15g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    r"""Write a label's value.

    >>> print(_escaped('a"b\\c\nd'))
    a\"b\\c\nd
    """
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
