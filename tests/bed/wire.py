"""The few words of PostgreSQL's protocol (version 3) that the bed speaks itself."""

from __future__ import annotations

import struct

CANCEL_REQUEST, SSL_REQUEST, GSSENC_REQUEST = 80877102, 80877103, 80877104


def message(tag: bytes, body: bytes = b"") -> bytes:
    return tag + struct.pack("!I", len(body) + 4) + body


def error_response(sqlstate: str, text: str, severity: str = "FATAL") -> bytes:
    fields = (b"S", severity), (b"V", severity), (b"C", sqlstate), (b"M", text)
    return message(b"E", b"".join(name + value.encode() + b"\0" for name, value in fields) + b"\0")


def authentication(kind: int, data: bytes = b"") -> bytes:
    """Write an Authentication… message: 0 is Ok, 10 to 12 are SASL's."""
    return message(b"R", struct.pack("!I", kind) + data)


def ready_for_query() -> bytes:
    return message(b"Z", b"I")


def logged_in() -> bytes:
    """Write all that a server says to somebody whom it lets in; psycopg2 asks nothing more then."""
    status = {
        "server_version": "18.0",
        "client_encoding": "UTF8",
        "DateStyle": "ISO, MDY",
        "integer_datetimes": "on",
        "standard_conforming_strings": "on",
    }
    statuses = b"".join(message(b"S", f"{name}\0{value}\0".encode()) for name, value in status.items())
    return authentication(0) + statuses + message(b"K", struct.pack("!II", 1, 1)) + ready_for_query()
