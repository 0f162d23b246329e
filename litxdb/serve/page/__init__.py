"""The dashboard: one page for somebody who looks rather than reads; it fetches and runs nothing, and has no secret."""

from litxdb.serve.page.document import dashboard, policy, waiting

__all__ = ["dashboard", "policy", "waiting"]
