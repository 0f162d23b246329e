"""Who is connected, who waits for whom, and how to end one of them.

    sessions = read_sessions(connection)                         # list of Session; statements without their values
    lock_tree(sessions, read_prepared(connection))               # list of Link: who blocks, and below whom he holds up
    end(connection, chosen(sessions, pid), Ending.CANCEL)        # Ended

All of it works for any role: others' states and statements need pg_read_all_stats, who waits for whom does not.
"""

from litxdb.activity.ending import Ended, Ending, chosen, end
from litxdb.activity.locks import Link, lock_tree
from litxdb.activity.sessions import Prepared, Session, read_prepared, read_sessions

__all__ = [
    "Ended",
    "Ending",
    "Link",
    "Prepared",
    "Session",
    "chosen",
    "end",
    "lock_tree",
    "read_prepared",
    "read_sessions",
]
