"""Indexes: what LitXplore wants against what is there; build, rebuild and drop them beside live traffic."""

from litxdb.commands.index import create, drop, rebuild
from litxdb.commands.index import list as listing

COMMANDS = (listing, create, rebuild, drop)
