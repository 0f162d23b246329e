"""A world of LitXplore, made from a recipe alone: people, what they read and wrote, and what the agent found."""

from litxdb.seed.world.recipe import FIRST, SIZES, VERSION, Recipe
from litxdb.seed.world.tables import NAMES, Row, Table, tables

__all__ = ["FIRST", "NAMES", "SIZES", "VERSION", "Recipe", "Row", "Table", "tables"]
