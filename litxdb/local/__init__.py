"""The embedded PostgreSQL: a runner for any installation's binaries, and LitXplore's one local server."""

from litxdb.local.binaries import Binaries
from litxdb.local.cluster import Cluster

__all__ = ["Binaries", "Cluster"]
