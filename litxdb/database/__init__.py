"""The one door to a server: where it is, how to get in, and what a failure means."""

from litxdb.database.endpoint import Endpoint
from litxdb.database.limits import CHAT, SERVICE, Limits
from litxdb.database.sessions import Database

__all__ = ["CHAT", "SERVICE", "Database", "Endpoint", "Limits"]
