"""Charts as inline SVG: their colours are the page's, so that they are right in the light and in the dark."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from litxdb.doctor.amounts import size
from litxdb.doctor.results import Status, Trend

ORDER = (Status.CRIT, Status.ERROR, Status.WARN, Status.INFO, Status.OK, Status.SKIP)
WIDTH, HEIGHT, EDGE = 320, 96, 6


def bar(counts: Mapping[Status, int], scale: int) -> str:
    """Draw checks by status as one bar, whose full width would be `scale` checks."""
    pieces, x = [], 0.0
    for status in (status for status in ORDER if counts.get(status)):
        width = WIDTH * counts[status] / scale
        place = f'x="{x:.1f}" width="{max(1, width - 1):.1f}" height="12"'
        pieces.append(f'<rect class="{status}" {place}><title>{counts[status]} {status}</title></rect>')
        x += width
    said = ", ".join(f"{counts[status]} {status}" for status in ORDER if counts.get(status))
    box = f'viewBox="0 0 {WIDTH} 12" preserveAspectRatio="none"'
    return f'<svg class="bar" {box} role="img" aria-label="{said}">{"".join(pieces)}</svg>'


def line(trend: Trend) -> str:
    """Draw a figure over time, with its highest, lowest and last value in words."""
    values = [value for _, value in trend.points]
    low, high = min(values) if trend.unit in ("bytes", "percent") else 0.0, max(values)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in _positions(trend, low, high))
    first, last = trend.points[0][0], trend.points[-1][0]
    now, least, most = (amount(value, trend.unit) for value in (values[-1], min(values), high))
    said = f"{now} now" if least == most else f"{now} now, {least} to {most}"
    return (
        f"<figure><figcaption>{html.escape(trend.title)}<br><strong>{said}</strong></figcaption>"
        f'<svg class="line" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{html.escape(trend.title)}: {said}">'
        f'<polyline points="{path}"/></svg>'
        f"<small>{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC</small></figure>"
    )


def amount(value: float, unit: str) -> str:
    """Write a figure in its unit.

    >>> amount(2048, "bytes"), amount(99.95, "percent"), amount(12.0, ""), amount(0.456, "/s")
    ('2 kB', '100.0 %', '12', '0.46/s')
    """
    if unit == "bytes":
        return size(value)
    if unit == "percent":
        return f"{value:.1f} %"
    return f"{value:,.2f}/s" if unit == "/s" else f"{value:,.0f}{unit}"


def _positions(trend: Trend, low: float, high: float) -> Sequence[tuple[float, float]]:
    start = trend.points[0][0]
    seconds = max(1.0, (trend.points[-1][0] - start).total_seconds())
    room = HEIGHT - 2 * EDGE
    return [
        (
            EDGE + (WIDTH - 2 * EDGE) * (when - start).total_seconds() / seconds,
            HEIGHT - EDGE - (room * (value - low) / (high - low) if high > low else room / 2),
        )
        for when, value in trend.points
    ]
