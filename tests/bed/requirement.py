"""The one way a test says that it cannot run here."""

from __future__ import annotations

import os

import pytest


def require(condition: object, reason: str) -> None:
    """Skip the test unless the condition holds; with LITXDB_TEST_REQUIRE_ALL=1 (as in CI), fail it instead."""
    if condition:
        return
    if os.environ.get("LITXDB_TEST_REQUIRE_ALL") == "1":
        pytest.fail(f"{reason} (LITXDB_TEST_REQUIRE_ALL=1 forbids skipping)", pytrace=False)
    pytest.skip(reason)
