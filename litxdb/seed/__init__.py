"""Rows that LitXplore needs or that a developer wants."""

from litxdb.seed.baseline import baseline
from litxdb.seed.clean import clean
from litxdb.seed.files import write
from litxdb.seed.fill import fill, last_midnight
from litxdb.seed.masking import Masking
from litxdb.seed.masking import read as read_masking
from litxdb.seed.results import Copied, Filled, Loaded, Removed, Subset
from litxdb.seed.subset import subset
from litxdb.seed.world import SIZES, Recipe

__all__ = [
    "SIZES",
    "Copied",
    "Filled",
    "Loaded",
    "Masking",
    "Recipe",
    "Removed",
    "Subset",
    "baseline",
    "clean",
    "fill",
    "last_midnight",
    "read_masking",
    "subset",
    "write",
]
