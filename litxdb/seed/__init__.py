"""Rows that LitXplore needs or that a developer wants."""

from litxdb.seed.baseline import baseline
from litxdb.seed.clean import clean
from litxdb.seed.files import write
from litxdb.seed.fill import fill, last_midnight
from litxdb.seed.results import Filled, Loaded, Removed
from litxdb.seed.world import SIZES, Recipe

__all__ = ["SIZES", "Filled", "Loaded", "Recipe", "Removed", "baseline", "clean", "fill", "last_midnight", "write"]
