"""The services' pools may ask for more connections than there are

A pool opens its overflow exactly when there is a rush, and then the server refuses whoever comes last. Each process of
LitXplore's backend may hold 15 connections (pool 5, overflow 10), the chat service 10; the result says how many
processes fit. Several processes want Neon's pooled host or PgBouncer in between.
https://neon.com/docs/connect/connection-pooling
"""

from __future__ import annotations

from litxdb.database import limits
from litxdb.doctor.amounts import many
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.checks.connection._neon import compute_size
from litxdb.doctor.checks.connection._slots import usable
from litxdb.doctor.configuration import by_name, number
from litxdb.doctor.results import Defect, Fix, Judgement, Status

PROCESS = limits.SERVICE.connections
CHAT = limits.CHAT.connections

WARN = 0.7

CHECK = Declaration(
    threshold="one backend process and the chat service (25 connections) over 70 % of the usable slots warn",
    remedy="alter system set max_connections = 100",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, settings: Rows, connection_limits: Rows, server: Server) -> Judgement:
    most, wanted = number(by_name(settings)["max_connections"]), PROCESS + CHAT
    more = f"alter system set max_connections = {max(100, 2 * most)}  -- and restart the server"
    places = [("server", usable(settings, server), "-- a bigger compute, in Neon's console" if server.neon else more)]
    places += [
        (f"{row.kind} {row.name}", row.slots, f"alter {row.kind} {row.quoted} connection limit -1")
        for row in connection_limits
        if row.name == {"role": server.role, "database": server.database}[row.kind]
    ]
    defects = tuple(
        Defect(Status.WARN, name, f"{wanted} connections, {many(slots, 'slot')}", remedy, value=wanted / slots)
        for name, slots, remedy in places
        if wanted > WARN * slots
    )
    fewest = min(slots for _, slots, _ in places)
    detail = f"{many(fewest, 'usable slot')} are enough for {max(0, int((WARN * fewest - CHAT) // PROCESS))} processes."
    if server.neon:
        detail += f" By max_connections = {most} this is a compute of {compute_size(most)}."
    return Judgement(len(places), defects, detail=detail)
