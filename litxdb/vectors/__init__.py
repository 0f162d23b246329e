"""Vectors as they are searched: how much an index finds and how quickly, and rows that mean the same."""

from litxdb.vectors.duplicates import find_duplicates
from litxdb.vectors.recall import TRIED, measure_recall, set_ef_search
from litxdb.vectors.results import Cluster, Member, RecallReport, SearchFigures

__all__ = [
    "TRIED",
    "Cluster",
    "Member",
    "RecallReport",
    "SearchFigures",
    "find_duplicates",
    "measure_recall",
    "set_ef_search",
]
