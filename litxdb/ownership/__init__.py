"""Whose rows are whose: the schema's foreign keys, what a policy adds to them, and the rows that they lead to.

    schema = read_schema(connection)                            # tables and foreign keys, two queries
    ownership = classify(schema, litxplore())                   # the person's tables, or ConfigurationInvalid
    closure = Closure(connection, schema, ownership.root, ownership.edges)
    closure.collect('t."id" = %(id)s', {"id": 42})              # many persons: any condition over the root's row `t`
    closure.select("public.notes", "t.*")                       # SQL of the rows of a table that were found

Names of tables are quoted and have their schema; names of columns are as they are. The SQL is in sql/ownership/.
"""

from litxdb.ownership.classifying import Edge, Ownership, Pointer, classify, naming
from litxdb.ownership.closure import Closure
from litxdb.ownership.policy import Policy, Retained, Soft, litxplore, parse, read
from litxdb.ownership.schema import Column, Reference, Schema, Table, read_schema, read_unsearched

__all__ = [
    "Closure",
    "Column",
    "Edge",
    "Ownership",
    "Pointer",
    "Policy",
    "Reference",
    "Retained",
    "Schema",
    "Soft",
    "Table",
    "classify",
    "litxplore",
    "naming",
    "parse",
    "read",
    "read_schema",
    "read_unsearched",
]
