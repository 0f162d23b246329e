"""A pair of age keys in a file as age-keygen writes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Keys:
    """The public key, and the file with the secret one."""

    recipient: str
    identity: Path

    @classmethod
    def make(cls, path: Path) -> Keys:
        """Make a new pair."""
        import pyrage  # type: ignore[import-untyped]

        secret = pyrage.x25519.Identity.generate()
        path.write_text(f"# created: 2026-11-22T02:03:05Z\n# public key: {secret.to_public()}\n{secret}\n")
        return cls(str(secret.to_public()), path)
