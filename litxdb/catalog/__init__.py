"""What the catalog says of relations, read in bulk, and judged by functions that ask the server nothing.

    indexes = read_indexes(connection)
    find_duplicates(indexes)                                    # list of Duplicate
    find_uncovered(read_foreign_keys(connection), indexes)      # list of Uncovered
    read_sequences(connection)                                  # list of Sequence: used_percent, left, unread
    read_assigned_keys(connection)                              # the same for integer keys without a sequence; max(id)
    estimate_bloat(read_relations(connection, indexes))         # list of Bloat; measure_bloat(connection, each)

What is read waits for no lock on a table, except where a function's docstring says so, and leaves out the catalog's
own relations. The SQL is in sql/relations/.
"""

from litxdb.catalog.bloat import Bloat, Relations, estimate_bloat, measure_bloat, read_relations
from litxdb.catalog.duplicates import Duplicate, Likeness, find_duplicates
from litxdb.catalog.foreign_keys import ForeignKey, ForeignKeys, Uncovered, find_uncovered, read_foreign_keys
from litxdb.catalog.indexes import Index, read_indexes
from litxdb.catalog.sequences import (
    Sequence,
    list_assigned_keys,
    read_assigned_key,
    read_assigned_keys,
    read_sequences,
)

__all__ = [
    "Bloat",
    "Duplicate",
    "ForeignKey",
    "ForeignKeys",
    "Index",
    "Likeness",
    "Relations",
    "Sequence",
    "Uncovered",
    "estimate_bloat",
    "find_duplicates",
    "find_uncovered",
    "list_assigned_keys",
    "measure_bloat",
    "read_assigned_key",
    "read_assigned_keys",
    "read_foreign_keys",
    "read_indexes",
    "read_relations",
    "read_sequences",
]
