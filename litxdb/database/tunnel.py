"""A way to a server that wants TLS for programs whose libpq has none, as the embedded PostgreSQL's pg_dump.

A Unix socket in a private directory, behind which Python speaks TLS with the server and checks its certificate.
"""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from litxdb.database.certificate import SSL_REQUEST
from litxdb.database.endpoint import is_address
from litxdb.database.tls import authorities
from litxdb.errors import ConfigurationInvalid
from litxdb.settings import Settings

PORT = "5432"
CHUNK = 256 << 10
CONNECT_SECONDS = 30.0
CANCEL_REQUEST = 80877102
LONGEST_SOCKET = 100
BOUND = b"SCRAM-SHA-256-PLUS"
"""A client without TLS takes the offer of channel binding for the work of a man in the middle, and hangs up."""
SASL = 10
PROTOCOLS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


@contextlib.contextmanager
def tunnel(parameters: Mapping[str, str], settings: Settings) -> Iterator[dict[str, str]]:
    """Open a tunnel to the one host of these libpq parameters, and yield those that lead through it.

    The certificate is checked as sslmode says. Nobody can bind a password to a channel that ends here, so
    channel_binding=require, the other way to prove the server, becomes verify-full. A connection that fails is told to
    the program as an error of the server's.
    """
    context = _context(parameters, settings)
    directory = _directory()
    try:
        with contextlib.closing(_Listener(directory, parameters, context)):
            inside = {name: value for name, value in parameters.items() if not name.startswith("ssl")}
            for name in ("hostaddr", "channel_binding", "require_auth", "ssl_min_protocol_version"):
                inside.pop(name, None)
            yield {**inside, "host": str(directory), "port": PORT, "sslmode": "disable", "gssencmode": "disable"}
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _directory() -> Path:
    """Make a directory that only this account enters, where a socket's name fits."""
    for parent in (None, "/tmp"):  # noqa: S108 (mkdtemp makes it private)
        directory = Path(tempfile.mkdtemp(prefix="litxdb-tunnel-", dir=parent))
        if len(str(directory)) < LONGEST_SOCKET:
            return directory
        directory.rmdir()
    raise ConfigurationInvalid(f"No directory is short enough for a Unix socket, not even {directory}.", "Set TMPDIR.")


def _context(parameters: Mapping[str, str], settings: Settings) -> ssl.SSLContext:
    """Build what libpq would make of its parameters: https://www.postgresql.org/docs/current/libpq-ssl.html."""
    own = Path.home() / ".postgresql"
    mode = "verify-full" if parameters.get("channel_binding") == "require" else parameters.get("sslmode", "prefer")
    root = parameters.get("sslrootcert") or _existing(own / "root.crt")
    if root is None and mode.startswith("verify"):
        root = authorities(settings)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode == "verify-full"
    if not (mode.startswith("verify") or (mode == "require" and root)):
        context.verify_mode = ssl.CERT_NONE
    context.minimum_version = PROTOCOLS[parameters.get("ssl_min_protocol_version") or "TLSv1.2"]
    try:
        if root:
            context.load_verify_locations(root)
        if revoked := parameters.get("sslcrl"):
            context.load_verify_locations(revoked)
            context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_CHAIN
        if certificate := parameters.get("sslcert") or _existing(own / "postgresql.crt"):
            key = parameters.get("sslkey") or _existing(own / "postgresql.key")
            context.load_cert_chain(certificate, key, parameters.get("sslpassword", ""))
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationInvalid(
            f"A certificate or key for TLS cannot be read: {error.strerror or error}.",
            "Mend sslrootcert, sslcert, sslkey or sslcrl in the URL.",
        ) from error
    return context


def _existing(path: Path) -> str | None:
    return str(path) if path.exists() else None


class _Listener:
    """The socket, the thread that takes connections, and one thread for each that is open."""

    def __init__(self, directory: Path, parameters: Mapping[str, str], context: ssl.SSLContext) -> None:
        self._host = parameters.get("host") or parameters.get("hostaddr") or "localhost"
        self._address = (parameters.get("hostaddr") or self._host, int(parameters.get("port") or PORT))
        self._context, self._sni = context, parameters.get("sslsni") != "0"
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(directory / f".s.PGSQL.{PORT}"))
        self._listening.listen()
        _thread("tunnel", self._accept)

    def close(self) -> None:
        """Take no more, and end what is open."""
        with self._guard:
            for connection in (self._listening, *self._open):
                with contextlib.suppress(OSError):  # ended already
                    connection.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:  # closed
                return
            _thread("tunnel connection", lambda client=client: self._serve(client))  # type: ignore[misc]  # a default has no type

    def _serve(self, client: socket.socket) -> None:
        with self._tracked(client):
            try:
                opening = _opening(client)
                with self._connect() as server, self._tracked(server):
                    server.sendall(opening)
                    if struct.unpack_from("!I", opening, 4)[0] != CANCEL_REQUEST:
                        _authentication(server, client)
                        _exchange(client, server)
            except (OSError, EOFError) as error:
                reason = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or error
                with contextlib.suppress(OSError):  # the program has gone
                    client.sendall(_error(f"the tunnel to {self._host} failed: {reason}"))

    def _connect(self) -> ssl.SSLSocket:
        plain = socket.create_connection(self._address, timeout=CONNECT_SECONDS)
        try:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
                if hasattr(socket, option):  # Linux; macOS calls the first otherwise
                    plain.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
            plain.sendall(SSL_REQUEST)
            if plain.recv(1) != b"S":
                raise OSError("the server does not support SSL")
            named = self._host if self._sni or self._context.check_hostname else None
            if named and is_address(named) and not self._context.check_hostname:
                named = None
            return self._context.wrap_socket(plain, server_hostname=named)
        except BaseException:
            plain.close()
            raise

    @contextlib.contextmanager
    def _tracked(self, connection: socket.socket) -> Iterator[None]:
        with self._guard:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._guard:
                self._open.discard(connection)
            connection.close()


def _opening(client: socket.socket) -> bytes:
    """Read a client's first packet; a wish for encryption is declined, and the next one taken."""
    while True:
        head = _exactly(client, 8)
        length, code = struct.unpack("!II", head)
        if code not in (80877103, 80877104):
            return head + _exactly(client, length - 8)
        client.sendall(b"N")


def _authentication(server: ssl.SSLSocket, client: socket.socket) -> None:
    """Hand on what the server says until it has said how to log in, without an offer of channel binding."""
    tag = b""
    while tag not in (b"R", b"E"):
        head = _exactly(server, 5)
        tag, length = struct.unpack("!cI", head)
        body = _exactly(server, length - 4)
        if tag == b"R" and struct.unpack_from("!I", body)[0] == SASL:
            offers = [name for name in body[4:].split(b"\0") if name and name != BOUND]
            body = body[:4] + b"".join(name + b"\0" for name in offers) + b"\0"
        client.sendall(struct.pack("!cI", tag, len(body) + 4) + body)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError("the connection was closed")
        data += more
    return bytes(data)


def _exchange(client: socket.socket, server: ssl.SSLSocket) -> None:
    """Hand everything on in both directions until either side ends; in one thread, as OpenSSL demands."""
    for connection in (client, server):
        connection.setblocking(False)
    directions = _Direction(server, client), _Direction(client, server)
    while True:
        reading: set[socket.socket] = set()
        writing: set[socket.socket] = set()
        moved = [direction.move(reading, writing) for direction in directions]
        if any(direction.ended for direction in directions):
            return
        if not any(moved):
            select.select(reading, writing, [])


class _Direction:
    """Bytes from one socket to the other; what could not be sent yet is sent before more is read."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self._source, self._sink = source, sink
        self._buffer = memoryview(bytearray(CHUNK))
        self._unsent = self._buffer[:0]
        self.ended = False

    def move(self, reading: set[socket.socket], writing: set[socket.socket]) -> bool:
        """Go as far as possible without waiting; says whether anything moved, and adds what is waited for."""
        waiting_for = self._sink
        try:
            if not self._unsent:
                waiting_for = self._source
                count = self._source.recv_into(self._buffer)
                self.ended = not count
                self._unsent = self._buffer[:count]
                waiting_for = self._sink
            if self._unsent:
                self._unsent = self._unsent[self._sink.send(self._unsent) :]
        except ssl.SSLWantReadError:
            reading.add(waiting_for)
        except ssl.SSLWantWriteError:
            writing.add(waiting_for)
        except BlockingIOError:
            (reading if waiting_for is self._source else writing).add(waiting_for)
        except OSError:  # either side is gone
            self.ended = True
        else:
            return True
        return False


def _error(text: str) -> bytes:
    fields = (b"S", "FATAL"), (b"V", "FATAL"), (b"C", "08006"), (b"M", text)
    body = b"".join(name + value.encode() + b"\0" for name, value in fields) + b"\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body


def _thread(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=f"litxdb {name}", daemon=True).start()
