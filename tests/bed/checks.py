"""Checks of the tests' own, put on the checklist for as long as a test runs."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from litxdb.doctor import Check, Declaration, Fix
from litxdb.doctor.check import from_module

PAGE = """{title}

It matters. And this is what there is to know.
"""


def add_check(patch: pytest.MonkeyPatch, name: str, judge: Callable[..., Any], **declared: Any) -> Check:
    """Add a check of the area activity, as if its file stood there."""
    module: Any = ModuleType(f"checks.activity.{name}")
    module.__doc__ = PAGE.format(title=name.replace("_", " ").capitalize())
    words = {"threshold": "1 warn (this test)", "remedy": "select 1", "fix": Fix.ASKS, "lock": "none", **declared}
    module.CHECK, module.judge = Declaration(**words), judge
    check = from_module(module)
    home: Any = importlib.import_module("litxdb.doctor.checklist")  # as an attribute it is the function of that name
    every = (*home.checklist(), check)
    patch.setattr(home, "checklist", lambda: every)
    return check
