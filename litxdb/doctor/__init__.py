"""Examines a database: what is wrong, how it is known, and what to type."""

from litxdb.doctor.examination import examine

__all__ = ["examine"]
