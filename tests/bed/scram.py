"""The server's side of SCRAM-SHA-256 with channel binding (RFC 5802, RFC 5929), for a proxy that ends TLS itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from tests.bed.proxy import Client
from tests.bed.wire import authentication

BOUND, PLAIN = b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-256"
ITERATIONS = 4096
OFFER, CONTINUE, FINAL = 10, 11, 12


async def authenticate(client: Client, password: str | None, certificate: bytes) -> bool:
    """Ask for the password and check it, and the server's certificate (DER) that the client binds it to.

    Without a password nobody passes. A client that does has been told everything but AuthenticationOk.
    """
    await client.send(authentication(OFFER, BOUND + b"\0" + PLAIN + b"\0\0"))
    _, initial = await client.message()
    mechanism, _, rest = initial.partition(b"\0")
    first = rest[4:]  # behind its length
    bare = first.split(b",", 2)[2]
    binding_header = first[: -len(bare)]
    nonce = _field(bare, b"r") + secrets.token_urlsafe(18).encode()
    salt = secrets.token_bytes(16)
    challenge = b"r=%s,s=%s,i=%d" % (nonce, base64.b64encode(salt), ITERATIONS)
    await client.send(authentication(CONTINUE, challenge))

    _, answer = await client.message()
    unproven, _, proof = answer.rpartition(b",p=")
    salted = hashlib.pbkdf2_hmac("sha256", (password or "").encode(), salt, ITERATIONS)
    signed = b",".join((bare, challenge, unproven))
    client_key = _hmac(salted, b"Client Key")
    signature = _hmac(hashlib.sha256(client_key).digest(), signed)
    bound_to = hashlib.sha256(certificate).digest() if mechanism == BOUND else b""
    if (
        password is None
        or base64.b64decode(proof) != _xor(client_key, signature)
        or _field(unproven, b"r") != nonce
        or base64.b64decode(_field(unproven, b"c")) != binding_header + bound_to
    ):
        return False
    server_signature = _hmac(_hmac(salted, b"Server Key"), signed)
    await client.send(authentication(FINAL, b"v=" + base64.b64encode(server_signature)))
    return True


def _field(text: bytes, name: bytes) -> bytes:
    return next(part[2:] for part in text.split(b",") if part.startswith(name + b"="))


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
