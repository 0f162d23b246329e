"""Who may ask, and what a browser may do with the answer."""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import traceback

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from litxdb.redaction import redact

log = logging.getLogger("litxdb.serve")

OPEN = frozenset({"/health/liveness", "/health/readiness", "/health/quick"})
"""Probes cannot be told a token everywhere, and these say nothing but yes or no."""

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}


class Guard:
    """Lets in whoever has the token: `Authorization: Bearer TOKEN`, or as the password of a browser's own dialogue.

    Without a token only this machine may ask, and by its own name: a page of somebody else's that a browser here shows
    could otherwise have its name point to 127.0.0.1, and read along (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, token: str | None = None) -> None:
        self.app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; every answer gets the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope["path"], Headers(scope=scope))
        try:
            await (refusal or self.app)(scope, receive, send_guarded)
        except Exception as error:  # here, for uvicorn would log it with whatever secret is in it
            log.error("a request failed:\n%s", redact("".join(traceback.format_exception(error))))
            if not started:
                await PlainTextResponse("litxdb failed; its log says how.\n", 500)(scope, receive, send_guarded)

    def _refusal(self, path: str, headers: Headers) -> PlainTextResponse | None:
        if self._token is None:
            name = headers.get("host", "").lower()
            if name.rpartition(":")[0] in LOOPBACK_NAMES or name in LOOPBACK_NAMES:
                return None
            return PlainTextResponse("Ask localhost, or start litxdb serve with a token.\n", 421)
        if path in OPEN or hmac.compare_digest(given(headers.get("authorization", "")).encode(), self._token.encode()):
            return None
        challenge = {"WWW-Authenticate": 'Basic realm="litxdb", charset="UTF-8"'}
        return PlainTextResponse("A token is needed.\n", 401, challenge)


def given(authorization: str) -> str:
    """Return the token of an Authorization header; nothing where there is none.

    >>> given("Bearer abc"), given("Basic YWRhOmE6Yg=="), given("Basic ?"), given("")
    ('abc', 'a:b', '', '')
    """
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
