"""Backups that are proven: made by pg_dump, tied by one snapshot to what was in every table, checked by restoring.

docs/backups.md describes the files.
"""

from litxdb.backup.age import decryption, encryption
from litxdb.backup.dumping import Encryption
from litxdb.backup.filling import restore_rows
from litxdb.backup.inventory import find, inventory, latest, newer_damage
from litxdb.backup.make import make
from litxdb.backup.manifest import Manifest
from litxdb.backup.metrics import recorded
from litxdb.backup.monitoring import heartbeat
from litxdb.backup.objectives import last_failures, listed, objectives
from litxdb.backup.opening import open_store
from litxdb.backup.pg_restore import ServerLacks
from litxdb.backup.prune import prune
from litxdb.backup.recovering import (
    BackupDiffers,
    Origin,
    check_empty,
    from_file,
    from_store,
    in_place_of,
    into_empty,
)
from litxdb.backup.restoring import restore
from litxdb.backup.results import (
    Attempt,
    Backup,
    Difference,
    Inventory,
    Kept,
    Objective,
    Progress,
    Proof,
    Pruning,
    Restored,
    Restoring,
    Session,
    Verified,
)
from litxdb.backup.retention import Retention, Span
from litxdb.backup.room import require_room
from litxdb.backup.scratch import scratch_for
from litxdb.backup.store import Store
from litxdb.backup.unpacking import Unpacked, unpacked
from litxdb.backup.verifying import verify, verify_quickly

__all__ = [
    "Attempt",
    "Backup",
    "BackupDiffers",
    "Difference",
    "Encryption",
    "Inventory",
    "Kept",
    "Manifest",
    "Objective",
    "Origin",
    "Progress",
    "Proof",
    "Pruning",
    "Restored",
    "Restoring",
    "Retention",
    "ServerLacks",
    "Session",
    "Span",
    "Store",
    "Unpacked",
    "Verified",
    "check_empty",
    "decryption",
    "encryption",
    "find",
    "from_file",
    "from_store",
    "heartbeat",
    "in_place_of",
    "into_empty",
    "inventory",
    "last_failures",
    "latest",
    "listed",
    "make",
    "newer_damage",
    "objectives",
    "open_store",
    "prune",
    "recorded",
    "require_room",
    "restore",
    "restore_rows",
    "scratch_for",
    "unpacked",
    "verify",
    "verify_quickly",
]
