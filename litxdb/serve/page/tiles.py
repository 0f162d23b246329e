"""The dashboard's first row: each thing that one wants to know at a glance, with a sign for how it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from litxdb.doctor.amounts import age, many, signed, size
from litxdb.doctor.page.parts import shown
from litxdb.doctor.results import Status
from litxdb.serve.overview import Overview
from litxdb.serve.page.charts import meter, spark

FULL, CROWDED = 0.8, 0.6
"""Parts of the connections' limit (dasha's, as doctor's)."""


@dataclass(frozen=True)
class Tile:
    """A heading, the figure, a line below it, a chart, how it is, and the section that tells more."""

    heading: str
    figure: str
    below: str
    level: str = "ok"
    chart: str = ""
    section: str = ""

    def html(self) -> str:
        """Write it."""
        return (
            f'<a class="tile {self.level}" href="#{self.section}"><span>{shown(self.heading)}</span>'
            f"<strong>{shown(self.figure)}</strong>{self.chart}<small>{shown(self.below)}</small></a>"
        )


def tiles(seen: Overview) -> Iterator[Tile]:
    """Return the tiles of what could be seen."""
    yield _verdict(seen)
    yield from _size(seen)
    yield from _connections(seen)
    yield from _waiting(seen)
    yield from _slow(seen)
    yield from _schema(seen)
    yield from _backups(seen)


def _verdict(seen: Overview) -> Tile:
    levels = Counter(finding.level for finding in seen.examined.findings)
    words = [f"{levels[Status.CRIT]} critical"] if levels[Status.CRIT] else []
    words += [many(levels[Status.WARN], "warning")] if levels[Status.WARN] else []
    figure = ", ".join(words) or "nothing wrong"
    looked = sum(1 for result in seen.examined.results if result.examined)
    return Tile("Findings", figure, f"{looked} checks looked", str(seen.examined.verdict), section="findings")


def _size(seen: Overview) -> Iterator[Tile]:
    trend = next((trend for trend in seen.examined.trends if trend.unit == "bytes"), None)
    if seen.sizes is not None:
        now, below = sum(row["bytes"] for row in seen.sizes.rows), many(len(seen.sizes.rows), "table")
        values = [value for _, value in trend.points] if trend else []
        if trend:
            seconds = (trend.points[-1][0] - trend.points[0][0]).total_seconds()
            below += f", {signed(values[-1] - values[0])} in {age(seconds)}"
        yield Tile("Tables", size(now), below, "info", spark(values), "sizes")


def _connections(seen: Overview) -> Iterator[Tile]:
    if seen.connections is not None:
        rows = seen.connections.rows
        number, share = sum(row["connections"] for row in rows), sum(row["limit_percent"] for row in rows) / 100
        level = "crit" if share >= FULL else "warn" if share >= CROWDED else "ok"
        below = f"{100 * share:.0f} % of the limit"
        yield Tile("Connections", str(number), below, level, meter(share, level), "connections")


def _waiting(seen: Overview) -> Iterator[Tile]:
    if seen.waiting is not None:
        victims = [link for link in seen.waiting if link.depth]
        longest = max((link.session.waited_seconds or 0 for link in victims if link.session), default=0)
        figure = f"{len(victims)} waiting" if victims else "nobody waits"
        below = f"the longest for {age(longest)}" if victims else "no session is held up"
        yield Tile("Locks", figure, below, "warn" if victims else "ok", section="locks")


def _slow(seen: Overview) -> Iterator[Tile]:
    if seen.slow is not None:
        alerts = sum(row["alert"] for row in seen.slow.rows)
        below = f"{alerts} over 500 ms" if alerts else "over 100 ms on the average"
        level = "warn" if alerts else "info" if seen.slow.rows else "ok"
        yield Tile("Slow statements", str(len(seen.slow.rows)), below, level, section="slow")


def _schema(seen: Overview) -> Iterator[Tile]:
    if seen.migrations is not None:
        pending = len(seen.migrations.pending)
        figure = f"{pending} pending" if pending else "at head" if seen.migrations.known else "newer than litxdb"
        level = "ok" if seen.migrations.at_head else "warn"
        yield Tile("Schema", figure, seen.migrations.current or "no revision yet", level, section="migrations")


def _backups(seen: Overview) -> Iterator[Tile]:
    from litxdb.backup.objectives import RPO_SECONDS, RTO_SECONDS

    if seen.backups is None:
        return
    aim = seen.backups.objective
    if aim is None or aim.rpo_seconds is None or aim.rto_seconds is None:
        said = "none is verified" if seen.backups.stored.backups else "there is none"
        yield Tile("Backup", said, "nothing that is proven to restore", "crit", section="backups")
        return
    for heading, value, limit, met, below in (
        ("Would be lost (RPO)", aim.rpo_seconds, RPO_SECONDS, aim.rpo_ok, "since the newest that is proven"),
        ("Would take (RTO)", aim.rto_seconds, RTO_SECONDS, aim.rto_ok, "to restore, as measured"),
    ):
        level = "ok" if met else "crit"
        chart = meter(value / limit, level)
        figure = f"{age(value) if value < 3600 else f'{value / 3600:.0f} h'} of {limit / 3600:g} h"
        yield Tile(heading, figure, below, level, chart, "backups")
