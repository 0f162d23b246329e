"""LitXplore's sources by what they mean: those similar to one, and near-duplicates."""

from litxdb.commands.sources import duplicates, similar

COMMANDS = (similar, duplicates)
