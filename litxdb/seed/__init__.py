"""Rows that LitXplore needs or that a developer wants."""

from litxdb.seed.baseline import baseline

__all__ = ["baseline"]
