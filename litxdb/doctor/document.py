"""The examination as one JSON object, whose keys docs/doctor.md explains."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from litxdb import __version__
from litxdb.doctor.results import Examination


def document(examined: Examination) -> dict[str, Any]:
    """Return the examination with its findings as `rows`, the worst first, and what came of each check as `results`."""
    body = {**examined.__dict__}
    body.pop("trends")  # a program has its own history, or asks litxdb's
    results = [{**each.__dict__, "findings": len(each.findings)} for each in body.pop("results")]
    ignored = [{**asdict(each.finding), "reason": each.reason, "until": each.until} for each in body.pop("ignored")]
    return {
        "schema_version": body.pop("schema_version"),
        "litxdb_version": __version__,
        "verdict": examined.verdict,
        **body,
        "rows": list(examined.findings),
        "ignored": ignored,
        "results": results,
    }
