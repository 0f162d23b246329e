"""LitXplore's indexes: which are wanted and which are there, and building, rebuilding and dropping them at work."""

from litxdb.indexes.create import create, plan, wanted
from litxdb.indexes.definition import Request, parse_option
from litxdb.indexes.drop import drop, usage
from litxdb.indexes.listing import list_indexes
from litxdb.indexes.rebuild import rebuild
from litxdb.indexes.results import (
    Definition,
    Done,
    Graph,
    IndexRow,
    Listing,
    Means,
    Patience,
    Phase,
    PlannedIndex,
    Usage,
)

__all__ = [
    "Definition",
    "Done",
    "Graph",
    "IndexRow",
    "Listing",
    "Means",
    "Patience",
    "Phase",
    "PlannedIndex",
    "Request",
    "Usage",
    "create",
    "drop",
    "list_indexes",
    "parse_option",
    "plan",
    "rebuild",
    "usage",
    "wanted",
]
