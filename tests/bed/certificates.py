"""A certificate authority for tests, and server certificates in every state a client should notice."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NEON_DIRECT = "ep-test-123456.eu-central-1.aws.neon.tech"
NEON_POOLER = "ep-test-123456-pooler.eu-central-1.aws.neon.tech"
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Certificate:
    """A server's certificate and its private key (mode 0600, owned by whoever runs the tests)."""

    file: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Make the context with which a Python server proves itself by this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


class Authority:
    """One certificate authority; `file` is what a client names in sslrootcert."""

    def __init__(self, directory: Path, name: str) -> None:
        self.file = directory / f"{name}.crt"
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"litxdb test {name}")])
        uses = x509.KeyUsage(True, False, False, False, False, True, True, False, False)  # signs, certificates, lists
        certificate = (
            _builder(self._name, self._name, self._key.public_key(), self._key.public_key(), expired=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(uses, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, file_name: str, *hosts: str, expired: bool = False) -> Certificate:
        """Issue a certificate for these host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, hosts[0])])
        signed = (
            _builder(subject, self._name, key.public_key(), self._key.public_key(), expired=expired)
            .add_extension(x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        issued = Certificate(self._directory / f"{file_name}.crt", self._directory / f"{file_name}.key")
        issued.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        issued.key.touch(mode=0o600)
        issued.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return issued


class Certificates:
    """The authority that clients of the bed trust, and certificates by what is right or wrong with them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._authority = Authority(directory, "ca")

    @property
    def ca(self) -> Path:
        """The trusted authority, for sslrootcert or SSL_CERT_FILE."""
        return self._authority.file

    @functools.cached_property
    def server(self) -> Certificate:
        """A good one for this machine's loopback names."""
        return self._authority.issue("server", "localhost", "127.0.0.1", "::1")

    @functools.cached_property
    def neon(self) -> Certificate:
        """A good one for the Neon-shaped names, pooled and direct."""
        return self._authority.issue("neon", NEON_DIRECT, NEON_POOLER)

    @functools.cached_property
    def expired(self) -> Certificate:
        return self._authority.issue("expired", "localhost", "127.0.0.1", expired=True)

    @functools.cached_property
    def wrong_name(self) -> Certificate:
        return self._authority.issue("wrong-name", "db.example.org")

    @functools.cached_property
    def unknown_ca(self) -> Certificate:
        """One for the right names from an authority that nobody trusts."""
        return Authority(self._directory, "unknown-ca").issue("stranger", "localhost", "127.0.0.1")


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
    *,
    expired: bool,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 30 * DAY)
        .not_valid_after(now - DAY if expired else now + DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
