"""An S3 of the session's own (moto), and a bucket in it for each test that asks."""

from __future__ import annotations

import contextlib
import re
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import obstore
from obstore.store import S3Store

from litxdb import backup
from tests.bed.servers import free_port

START_SECONDS = 60
PREFIX = "back ups/100%/litx"
SECRET = "s3cret/of+the=bed"


@dataclass(frozen=True)
class Bucket:
    """A bucket; `environment` is what litxdb is told of it."""

    endpoint: str
    name: str

    @property
    def url(self) -> str:
        return f"s3://{self.name}/{PREFIX}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "bed",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }

    def store(self) -> backup.Store:
        return backup.open_store(self.url, self.environment)

    def files(self) -> list[str]:
        """List everything in the bucket."""
        return [each["path"] for page in obstore.list(self._client("")) for each in page]

    def uploads(self) -> list[str]:
        """List the uploads that have begun and neither ended nor been given up."""
        with urllib.request.urlopen(f"{self.endpoint}/{self.name}?uploads") as answer:
            return re.findall("<Key>(.*?)</Key>", answer.read().decode())

    def get(self, file: str) -> bytes:
        return bytes(obstore.get(self._client(), file).bytes())

    def put(self, file: str, content: bytes, prefix: str = PREFIX) -> None:
        obstore.put(self._client(prefix), file, content)

    def delete(self, file: str) -> None:
        obstore.delete(self._client(), file)

    def _client(self, prefix: str = PREFIX) -> S3Store:
        config: Any = self.environment
        return S3Store(self.name, prefix=prefix or None, config=config, client_options={"allow_http": True})


def new_bucket(endpoint: str) -> Bucket:
    """Make an empty bucket."""
    bucket = Bucket(endpoint, f"bed-{secrets.token_hex(6)}")
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{bucket.name}", method="PUT")).close()
    return bucket


@contextlib.contextmanager
def serving(directory: Path) -> Iterator[str]:
    """Run the server; yields where it is."""
    port = free_port()
    directory.mkdir()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{endpoint}/moto-api/data.json").close()
                break
            except OSError:
                assert process.poll() is None, (directory / "log").read_text()
                assert time.monotonic() < deadline, "moto does not start"
                time.sleep(0.02)
        yield endpoint
    finally:
        process.kill()
        process.wait()
