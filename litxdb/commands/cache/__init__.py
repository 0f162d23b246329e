"""LitXplore's cache in Redis: what is in it, how well it serves, and removing entries."""

from litxdb.commands.cache import invalidate, keys, purge, status

COMMANDS = (status, keys, invalidate, purge)
