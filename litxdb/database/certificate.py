"""Why a server's certificate does not verify: libpq only says that it does not."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Mapping

SSL_REQUEST = struct.pack("!II", 8, 80877103)
"""https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST"""

SECONDS = 5.0


def problem(parameters: Mapping[str, str]) -> str | None:
    """Shake hands once more, with Python's own TLS, and return OpenSSL's reason ("certificate has expired").

    Takes the first host of libpq's parameters; None when nothing is found out, or the certificate is fine.
    """
    import ssl

    host = parameters.get("host", "").partition(",")[0]
    address = parameters.get("hostaddr", "").partition(",")[0] or host
    port = int(parameters.get("port", "").partition(",")[0] or 5432)
    try:
        context = ssl.create_default_context(cafile=parameters.get("sslrootcert"))
        with contextlib.closing(socket.create_connection((address, port), timeout=SECONDS)) as plain:
            plain.sendall(SSL_REQUEST)
            if plain.recv(1) == b"S":
                context.wrap_socket(plain, server_hostname=host or address).close()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except (OSError, ValueError):
        return None
    return None
