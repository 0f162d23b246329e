"""A stand-in for Neon on loopback: one port, which hands on by the host name that the client asks for in TLS.

As at Neon the proxy ends TLS and checks the password itself, channel binding included. The name with `-pooler` leads
to PgBouncer, its twin to the server. Behind both is the embedded PostgreSQL: unlike the others it has pgvector.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2.extensions import parse_dsn

from tests.bed.certificates import NEON_DIRECT, NEON_POOLER, Certificates
from tests.bed.pooler import Pooler
from tests.bed.proxy import LOOPBACK, Client, Proxy
from tests.bed.scram import authenticate
from tests.bed.urls import address_of, url_of
from tests.bed.wire import CANCEL_REQUEST, error_response

OWNER, PASSWORD = "neondb_owner", "neon-test-word"
INSECURE = "connection is insecure (try using `sslmode=require`)"
NO_ENDPOINT = (
    "Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support or pass "
    "the endpoint ID (first part of the domain name) as a parameter: '?options=endpoint%3D<endpoint-id>'"
)


class Neon(Proxy):
    """The proxy of the stack; as for any other, a test can make its connections fail or cut them.

    `dbname` is the database of the present test. `asked` lists the host names that clients came for, in order.
    `passwords` says who may come in: a test that makes a role adds it there.
    """

    def __init__(self, pooler: Pooler, certificates: Certificates) -> None:
        super().__init__(then=self._admit, certificate=certificates.neon)
        self.server, self.dbname = pooler.server, "postgres"
        self.asked: list[str] = []
        self.passwords = {OWNER: PASSWORD}
        self._ca = certificates.ca
        self._own_certificate = ssl.PEM_cert_to_DER_cert(certificates.neon.file.read_text())
        self._behind = {NEON_POOLER: address_of(pooler.url()), NEON_DIRECT: address_of(pooler.server.url())}

    @property
    def pooled_url(self) -> str:
        """What Neon's console hands out, made to reach loopback and to know the test's authority."""
        return self._url(NEON_POOLER)

    @property
    def direct_url(self) -> str:
        return self._url(NEON_DIRECT)

    def _url(self, host: str) -> str:
        login = {"user": OWNER, "password": PASSWORD, "host": host, "port": str(self.port), "dbname": self.dbname}
        return url_of(
            **login, sslmode="verify-full", channel_binding="require", sslrootcert=str(self._ca), hostaddr=LOOPBACK
        )

    @contextmanager
    def lent_database(self) -> Iterator[None]:
        """Start afresh, with a database of its own, for one test."""
        self.asked.clear()
        with self.server.database(owner=OWNER) as url:
            self.dbname = parse_dsn(url)["dbname"]
            try:
                yield
            finally:
                self.forgive()
                self.cut()

    async def _admit(self, client: Client) -> None:
        await client.start_up()
        if client.request == CANCEL_REQUEST:  # comes without TLS; whoever does not know its key ignores it
            for upstream in self._behind.values():
                await client.forward(upstream)
        elif not client.encrypted:
            await client.send(error_response("XX000", INSECURE, "ERROR"))
        elif client.server_name not in self._behind:
            await client.send(error_response("XX000", NO_ENDPOINT, "ERROR"))
        else:
            self.asked.append(client.server_name)
            user = client.parameters["user"]
            if await authenticate(client, self.passwords.get(user), self._own_certificate):
                await client.forward(self._behind[client.server_name])
            else:
                await client.send(error_response("28P01", f"password authentication failed for user '{user}'"))
