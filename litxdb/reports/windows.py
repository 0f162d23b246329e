"""How long counters have counted, in words: a rare statement's index is unused in every short window."""

from __future__ import annotations

COLD_SECONDS = 15 * 60
"""Below that counters say nothing about a normal day (pgbot's limit)."""


def window_note(seconds: float) -> str:
    """Say for how long the counters have counted, and whether that is too short.

    >>> window_note(3 * 86400)
    'Counted for 3.0 days.'
    >>> window_note(240)
    'Counted for 4 min only: too short to act on. A reset, a crash, and at Neon each suspend begin anew.'
    """
    if seconds < COLD_SECONDS:
        lost = "A reset, a crash, and at Neon each suspend begin anew."
        return f"Counted for {span(seconds)} only: too short to act on. {lost}"
    return f"Counted for {span(seconds)}."


def span(seconds: float) -> str:
    """Write a length of time.

    >>> span(1800), span(7200), span(86400 * 2.5)
    ('30 min', '2.0 hours', '2.5 days')
    """
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} hours" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
