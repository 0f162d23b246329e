"""The examination as one HTML file: it fetches and runs nothing, and has no secret and no statement's literal in it."""

from litxdb.doctor.page.document import page

__all__ = ["page"]
