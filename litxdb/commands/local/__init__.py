"""The embedded PostgreSQL on this machine: start, stop, look into it."""

from litxdb.commands.local import psql, reset, start, status, stop, url

COMMANDS = (start, stop, status, url, psql, reset)
