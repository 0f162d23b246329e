"""The examination as metrics for node_exporter's textfile collector."""

from __future__ import annotations

from collections import Counter

from litxdb.doctor.results import Examination, Status
from litxdb.prometheus import Family, exposition

STATES = {Status.SKIP: -1, Status.OK: 0, Status.INFO: 1, Status.WARN: 2, Status.CRIT: 3, Status.ERROR: 4}


def metrics(examined: Examination) -> str:
    """Write the examination in Prometheus' text format; every metric is a gauge, and names the database."""
    levels = Counter(finding.level for finding in examined.findings)
    found = {finding.key: finding for finding in examined.findings if finding.value is not None}
    families: list[Family] = [
        ("up", "Whether there was a connection.", [({}, float(examined.connected))]),
        (
            "findings",
            "Findings by level.",
            [({"level": level}, levels[level]) for level in (Status.CRIT, Status.WARN, Status.INFO)],
        ),
        ("checks", "Checks by status.", [({"status": status}, count) for status, count in examined.counts.items()]),
        (
            "check_state",
            "What came of a check: -1 skipped, 0 ok, 1 info, 2 warn, 3 crit, 4 failed.",
            [({"check": each.check, "area": each.area}, STATES[each.status]) for each in examined.results],
        ),
        (
            "finding_value",
            "The figure behind a finding, in the unit of its check.",
            [
                ({"check": each.check, "object": each.object, "level": each.level}, each.value or 0.0)
                for each in found.values()
            ],
        ),
        ("ignored_findings", "Findings that somebody lives with.", [({}, len(examined.ignored))]),
        ("duration_seconds", "How long the examination took.", [({}, examined.milliseconds / 1000)]),
        ("last_run_timestamp_seconds", "When it began.", [({}, examined.started.timestamp())]),
    ]
    if examined.window_seconds is not None:
        about = "How long the server has collected statistics."
        families.append(("statistics_window_seconds", about, [({}, examined.window_seconds)]))
    return exposition("litxdb_doctor_", families, examined.endpoint)
