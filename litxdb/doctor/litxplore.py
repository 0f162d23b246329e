"""LitXplore's own schema, as far as checks of any schema have to know it."""

from __future__ import annotations

from litxdb.indexes.wanted import WANTED

OWN_INDEXES = frozenset((definition.table, definition.name) for definition in WANTED)


def is_own(index: str, table: str) -> bool:
    """Tell whether LitXplore's schema demands an index; both names are quoted, with their schema.

    Its migrations made it, and `litxdb drift` misses it when it is gone, whatever a check thinks of it.

    >>> is_own("public.ix_users_id", "public.users"), is_own("public.mine", "public.users")
    (True, False)
    """
    return (table.rpartition(".")[2], index.rpartition(".")[2]) in OWN_INDEXES
