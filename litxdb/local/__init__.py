"""The embedded PostgreSQL: a runner for any installation's binaries, and LitXplore's one local server."""

from litxdb.local.binaries import Binaries
from litxdb.local.cluster import Cluster
from litxdb.local.creation import PARTIAL
from litxdb.local.scratch import abandoned, scratch, scratch_database
from litxdb.local.server import DATABASE, LocalStatus, ensure, exists, local_server, reset, status, stop

__all__ = [
    "DATABASE",
    "PARTIAL",
    "Binaries",
    "Cluster",
    "LocalStatus",
    "abandoned",
    "ensure",
    "exists",
    "local_server",
    "reset",
    "scratch",
    "scratch_database",
    "status",
    "stop",
]
