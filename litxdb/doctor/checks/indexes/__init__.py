"""Indexes, constraints and sequences."""
