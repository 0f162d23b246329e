"""Our own rules, one a file, named for the defect: what squawk does not see, or cannot without a server."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from litxdb.migrate.lint.judging import Rule


@cache
def own_rules() -> tuple[Rule, ...]:
    """Return every rule of this folder, by name."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return tuple(module.RULE for module in modules)
