"""Small charts as inline SVG; what they show stands beside them in words."""

from __future__ import annotations

import html
from collections.abc import Sequence


def meter(share: float, level: str = "ok") -> str:
    """Draw how full something is; more than full is full.

    >>> print(meter(0.25, "warn"))
    <svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="track" \
width="100" height="6"/><rect class="warn" width="25.0" height="6"/></svg>
    """
    width = 100 * min(1.0, max(0.0, share))
    return _svg("meter", 6, f'<rect class="track" width="100" height="6"/>{_rect(level, 0, width)}')


def stacked(parts: Sequence[tuple[str, float]], whole: float) -> str:
    """Draw the parts of something, each with its class, as long as they are of the whole."""
    pieces, x = [], 0.0
    for name, value in parts:
        width = 100 * value / whole if whole else 0
        pieces.append(_rect(name, x, width))
        x += width
    return _svg("meter", 6, "".join(pieces))


def spark(values: Sequence[float]) -> str:
    """Draw values over time; nothing for fewer than two."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    step = 100 / (len(values) - 1)
    heights = [(22 - 20 * (value - low) / (high - low)) if high > low else 12 for value in values]
    points = " ".join(f"{number * step:.1f},{height:.1f}" for number, height in enumerate(heights))
    return _svg("spark", 24, f'<polygon points="0,24 {points} 100,24"/><polyline points="{points}"/>')


def icon(color: str) -> str:
    """Return a dot as the page's icon, to be found among many tabs."""
    dot = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><circle cx='4' cy='4' r='4' fill='{color}'/></svg>"
    )
    return html.escape(f"data:image/svg+xml,{dot.replace('#', '%23').replace('<', '%3C').replace('>', '%3E')}")


def _rect(name: str, x: float, width: float) -> str:
    place = f' x="{x:.1f}"' if x else ""
    return f'<rect class="{name}"{place} width="{width:.1f}" height="6"/>'


def _svg(name: str, height: int, inner: str) -> str:
    return f'<svg class="{name}" viewBox="0 0 100 {height}" preserveAspectRatio="none" aria-hidden="true">{inner}</svg>'
