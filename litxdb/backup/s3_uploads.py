"""Uploads to S3 that were begun and never ended: no list shows them, and they are paid for until somebody aborts them.

obstore has no call for these two requests, so they are signed here:
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

SECONDS = 30
_EMPTY = hashlib.sha256(b"").hexdigest()
_UPLOAD = re.compile("<Upload>.*?</Upload>", re.DOTALL)


@dataclass(frozen=True)
class Upload:
    """An upload that has not ended; `key` is the name of what it was to be."""

    key: str
    id: str
    begun: datetime


@dataclass(frozen=True)
class Uploads:
    """The unfinished uploads of a bucket, for a key of one's own: what instances and containers have is not enough."""

    bucket: str
    options: Mapping[str, str]

    def list(self, prefix: str) -> Iterator[Upload]:
        """List those whose key begins so, a thousand at most. Raises OSError."""
        text = self._send("GET", "", {"prefix": prefix, "uploads": ""})
        for match in _UPLOAD.finditer(text):
            begun = datetime.fromisoformat(_field(match[0], "Initiated"))
            yield Upload(_field(match[0], "Key"), _field(match[0], "UploadId"), begun.astimezone(UTC))

    def abort(self, upload: Upload) -> None:
        """Have its parts removed. Raises OSError."""
        self._send("DELETE", upload.key, {"uploadId": upload.id})

    def _send(self, method: str, key: str, query: Mapping[str, str]) -> str:
        from urllib import error, request

        region = self.options.get("AWS_REGION") or self.options.get("AWS_DEFAULT_REGION") or "us-east-1"
        endpoint = self.options.get("AWS_ENDPOINT_URL_S3") or self.options.get("AWS_ENDPOINT_URL")
        base = (endpoint or f"https://s3.{region}.amazonaws.com").rstrip("/")
        path = quote(f"/{self.bucket}/{key}".rstrip("/"), safe="/-_.~")
        asked = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items()))
        headers = signed(method, urlsplit(base).netloc, path, asked, region, self.options, datetime.now(UTC))
        made = request.Request(f"{base}{path}?{asked}", method=method, headers=headers)  # noqa: S310 (http only)
        try:
            with request.urlopen(made, timeout=SECONDS) as answer:  # noqa: S310  (likewise)
                return str(answer.read().decode())
        except error.HTTPError as refused:
            with refused:
                raise OSError(f"it answers {refused.code}") from None


def signed(
    method: str, host: str, path: str, query: str, region: str, options: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """Return the headers of a request without a body, the signature among them; path and query are quoted already."""
    headers = {"host": host, "x-amz-content-sha256": _EMPTY, "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}"}
    if token := options.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    lines = [method, path, query, *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names, _EMPTY]
    scope = f"{now:%Y%m%d}/{region}/s3/aws4_request"
    hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{hashed}"
    key = f"AWS4{options['AWS_SECRET_ACCESS_KEY']}".encode()
    for word in (*scope.split("/"), text):
        key = hmac.digest(key, word.encode(), "sha256")
    credential = f"Credential={options['AWS_ACCESS_KEY_ID']}/{scope}"
    headers["authorization"] = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={key.hex()}"
    return headers


def _field(text: str, name: str) -> str:
    """Return what an element has for a text.

    >>> _field("<Upload><Key>a &amp; b</Key></Upload>", "Key")
    'a & b'
    """
    match = re.search(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
    return html.unescape(match[1]) if match else ""
