"""Searches for nearest vectors: how much they find, and how quickly."""

from litxdb.commands.vectors import recall

COMMANDS = (recall,)
