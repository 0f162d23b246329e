"""What is known of Neon's computes: slots that are not for applications, and the size behind max_connections.

https://neon.com/docs/connect/connection-pooling and https://neon.com/docs/reference/compatibility
"""

from __future__ import annotations

RESERVED_SLOTS = 7
"""Connections that Neon keeps for its own superuser."""

SLOTS_PER_UNIT = (419.6, 450.6)
"""max_connections a compute unit, as computed since 2026 and before."""

MOST_SLOTS = 4000
AUTOSCALING_RANGE = 8
"""Of an autoscaling compute max_connections follows the upper end, or eight times the lower one if that is less."""


def compute_size(max_connections: int) -> str:
    """Estimate a compute's size in compute units (CU, 4 GB of memory each), as a range: autoscaling moves within it.

    >>> compute_size(104), compute_size(112)
    ('0.25 CU', '0.25 CU')
    >>> compute_size(839), compute_size(901)
    ('0.25 to 2 CU', '0.25 to 2 CU')
    >>> compute_size(4000)
    '1 CU or more'
    """
    if max_connections >= MOST_SLOTS:
        return f"{_quarters(MOST_SLOTS / SLOTS_PER_UNIT[1] / AUTOSCALING_RANGE):g} CU or more"
    most = _quarters(sum(max_connections / slots for slots in SLOTS_PER_UNIT) / 2)
    least = _quarters(most / AUTOSCALING_RANGE)
    return f"{most:g} CU" if least == most else f"{least:g} to {most:g} CU"


def _quarters(units: float) -> float:
    return max(0.25, round(units * 4) / 4)
