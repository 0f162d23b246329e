"""Queries, cache and WAL."""
