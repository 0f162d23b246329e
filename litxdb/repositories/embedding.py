"""Embeddings: what a vector must be before the server sees it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from litxdb.errors import ArgumentInvalid
from litxdb.models.agent import DIMENSIONS


def embedding(values: Iterable[float]) -> list[float]:
    """Return the values as a list of floats. Raises ArgumentInvalid for what has no direction, or not our length.

    >>> embedding([0.5] * 3)
    Traceback (most recent call last):
    litxdb.errors.ArgumentInvalid: An embedding has 1536 dimensions, this one 3.
    """
    try:
        found = [float(value) for value in values]
    except (TypeError, ValueError):
        raise ArgumentInvalid(
            "An embedding is a sequence of numbers.", "Give what the embedding model returned."
        ) from None
    if len(found) != DIMENSIONS:
        raise ArgumentInvalid(
            f"An embedding has {DIMENSIONS} dimensions, this one {len(found)}.",
            "Use the embedding model that `system_state` names.",
        )
    if not all(map(math.isfinite, found)):
        raise ArgumentInvalid("An embedding holds NaN or infinity.", "Embed the text again.")
    if not any(found):
        raise ArgumentInvalid(
            "An embedding of zeros has no direction: it is similar to nothing.", "Embed the text again."
        )
    return found
