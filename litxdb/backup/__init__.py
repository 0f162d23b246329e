"""Backups that are proven: made by pg_dump, tied by one snapshot to what was in every table, checked by restoring.

docs/backups.md describes the files.
"""

from litxdb.backup.age import decryption, encryption
from litxdb.backup.dumping import Encryption
from litxdb.backup.inventory import find, inventory
from litxdb.backup.make import make
from litxdb.backup.objectives import last_failures, listed, objectives
from litxdb.backup.prune import prune
from litxdb.backup.results import Attempt, Backup, Inventory, Manifest, Objective, Progress, Proof, Pruning
from litxdb.backup.retention import Retention, Span
from litxdb.backup.store import Store, open_store

__all__ = [
    "Attempt",
    "Backup",
    "Encryption",
    "Inventory",
    "Manifest",
    "Objective",
    "Progress",
    "Proof",
    "Pruning",
    "Retention",
    "Span",
    "Store",
    "decryption",
    "encryption",
    "find",
    "inventory",
    "last_failures",
    "listed",
    "make",
    "objectives",
    "open_store",
    "prune",
]
